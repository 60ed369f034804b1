// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Packets that we author as an answer to one that cannot be carried, complete with checksums. Each
 * method writes the packet and returns its length, or 0 when no answer may be sent: never about an
 * ICMP error, a later fragment, or a packet to a multicast or broadcast address (RFC 1122 section
 * 3.2.2, RFC 4443 section 2.4), nor a reset about a reset (RFC 9293 section 3.10.7.1).
 */
public final class Replies {
  /** Most bytes that an answer has. */
  public static final int MAX_BYTES = 1280;

  /** Why a destination is unreachable, with the code of each family. */
  public enum Unreachable {
    /** No route to the network. */
    NETWORK(0, 0),
    /** The host cannot be reached. */
    HOST(1, 3),
    /** Nobody listens on the port. */
    PORT(3, 4),
    /** Closed by an administrator's decision. */
    PROHIBITED(13, 1);

    final int code4;
    final int code6;

    Unreachable(int code4, int code6) {
      this.code4 = code4;
      this.code6 = code6;
    }
  }

  private Replies() {}

  /**
   * A reset that looks as if the other end had sent it, for the sender of {@code about}. If that
   * has an ACK, the reset's sequence number is its acknowledgment number, so that the sender takes
   * it for its flow; else the reset acknowledges the segment.
   *
   * @return 40 or 60, or 0 when {@code about} is not TCP, or is itself a reset
   */
  public static int tcpReset(Burst about, ByteBuffer out, int at) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * A reset of a flow of which no packet is at hand.
   *
   * @param from the 5-tuple in the direction in which the reset goes
   * @param seq sequence number: the last acknowledgment number that the receiver sent
   * @param ack acknowledgment number, the next that the receiver would send
   */
  public static int tcpReset(FlowKey from, int seq, int ack, ByteBuffer out, int at) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * "Destination unreachable" to the sender of {@code about}.
   *
   * @param fromHi high half of the address that the answer comes from, of the same family
   * @param fromLo low half
   */
  public static int unreachable(
      Burst about, Unreachable why, long fromHi, long fromLo, ByteBuffer out, int at) {
    throw new UnsupportedOperationException("being written");
  }

  /** "Fragmentation needed" (RFC 1191) or "packet too big" (RFC 4443) with the MTU in bytes. */
  public static int tooBig(Burst about, int mtu, long fromHi, long fromLo, ByteBuffer out, int at) {
    throw new UnsupportedOperationException("being written");
  }
}
