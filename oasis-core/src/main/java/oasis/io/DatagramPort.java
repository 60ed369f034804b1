// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.Sealer;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket that carries IP packets, one per datagram, in batches. Confined to the data loop.
 *
 * <p>Receiving: {@link #receive} fills up to {@link #slots()} messages; each may be a run of
 * equal-sized datagrams of one sender ({@code UDP_GRO}), the last one shorter. Sending: {@link
 * #add} queues, {@link #flush} sends the queue with as few calls as possible ({@code UDP_SEGMENT},
 * {@code sendmmsg}). What was added must stay unchanged until the flush, but for the headers of
 * fragments, which are copied.
 */
public interface DatagramPort extends AutoCloseable {
  /** File descriptor to poll for reading. */
  int fd();

  /** Port the socket is bound to. */
  int localPort();

  /** Most messages one {@link #receive} returns. */
  int slots();

  /**
   * Receives without waiting.
   *
   * @return number of messages, 0 for none, or -errno (ECONNREFUSED: the peer has no such port)
   */
  int receive();

  /** Memory of message {@code i}; datagrams begin at index {@link #offset}. */
  ByteBuffer buffer(int i);

  /** Native address of index 0 of {@link #buffer}. */
  long address(int i);

  /** Index of the first byte of message {@code i}. */
  int offset(int i);

  /** Bytes of message {@code i}, all datagrams together; 0 for an empty datagram. */
  int bytes(int i);

  /** Bytes of each datagram of message {@code i} but the last; equals {@link #bytes} for one. */
  int datagramBytes(int i);

  /** High half of the sender's address (IPv4-mapped form, see FlowKey). */
  long sourceHi(int i);

  /** Low half of the sender's address. */
  long sourceLo(int i);

  /** Sender's port. */
  int sourcePort(int i);

  /**
   * From now on each datagram that is added or sent gets a trailer by this sealer; null, as at
   * first, for none. A trailer is behind each packet, of a run too, and makes it longer by {@link
   * oasis.packet.Trailer#BYTES}.
   */
  void sealWith(@Nullable Sealer sealer);

  /** Queues a burst to the connected peer; flushes by itself when the queue is full. */
  void add(Burst burst);

  /**
   * Queues a burst to an address of the socket's family; of either family when it listens on {@code
   * ::}.
   */
  void add(Burst burst, long hi, long lo, int port);

  /**
   * Sends a datagram without a packet (a keep-alive) to the connected peer now: an empty one, or a
   * trailer alone.
   *
   * @return 0 when it is on its way, else -errno (ENETUNREACH: the host has no route there)
   */
  int sendEmpty();

  /** Sends a datagram without a packet to an address now. */
  void sendEmpty(long hi, long lo, int port);

  /** Sends what is queued. Refused or overflowing messages are counted and dropped. */
  void flush();

  /** What went in and out and what was dropped. */
  PortCounters counters();

  @Override
  void close();
}
