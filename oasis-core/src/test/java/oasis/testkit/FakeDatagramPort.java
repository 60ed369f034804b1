// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import oasis.io.DatagramPort;
import oasis.io.Endpoint;
import oasis.io.PortCounters;
import oasis.packet.Burst;
import oasis.packet.Sealer;
import oasis.packet.Segmenter;
import oasis.packet.Trailer;
import org.jspecify.annotations.Nullable;

/**
 * A UDP socket in memory: the test is the network behind it. What is sent shows in {@link #sent}
 * after the flush, and the payload is read only then, as the real port does.
 */
public final class FakeDatagramPort implements DatagramPort {
  private static final int SLOTS = 16;
  private static final int SLOT_BYTES = 65_536;

  /** A datagram that was sent. */
  public static final class Sent {
    private final @Nullable Endpoint to;
    private final byte[] bytes;

    Sent(@Nullable Endpoint to, byte[] bytes) {
      this.to = to;
      this.bytes = bytes;
    }

    /** Where it went; null for the connected peer. */
    public @Nullable Endpoint to() {
      return to;
    }

    /** Its payload; empty for a keep-alive. */
    public byte[] bytes() {
      return bytes;
    }
  }

  private record Message(Endpoint from, ByteBuffer bytes, int datagramBytes) {}

  private record Queued(
      @Nullable Endpoint to,
      ByteBuffer header,
      ByteBuffer memory,
      int payloadStart,
      int payloadBytes,
      ByteBuffer trailer) {}

  private final int localPort;
  private final PortCounters counters = new PortCounters();
  private final ArrayDeque<Message> toReceive = new ArrayDeque<>();
  private final List<Message> received = new ArrayList<>();
  private final ByteBuffer slots = ByteBuffer.allocateDirect(SLOTS * SLOT_BYTES);
  private final List<Queued> queue = new ArrayList<>();
  private final List<Sent> sent = new ArrayList<>();
  private int error;
  private @Nullable Sealer sealer;

  /** Makes a socket bound to this port. */
  public FakeDatagramPort(int localPort) {
    this.localPort = localPort;
  }

  /**
   * Lets a later receive return one message: a run of datagrams of one sender.
   *
   * @param datagrams equal in size, but the last may be shorter
   */
  public void deliver(Endpoint from, byte[]... datagrams) {
    int total = 0;
    for (int i = 0; i < datagrams.length; i++) {
      boolean last = i == datagrams.length - 1;
      if (last
          ? datagrams[i].length > datagrams[0].length
          : datagrams[i].length != datagrams[0].length) {
        throw new IllegalArgumentException("datagram " + i + " does not belong to one run");
      }
      total += datagrams[i].length;
    }
    ByteBuffer all = ByteBuffer.allocate(total);
    for (byte[] datagram : datagrams) {
      all.put(datagram);
    }
    toReceive.add(new Message(from, all.flip(), datagrams[0].length));
  }

  /** Lets the next receive return an error. */
  public void fail(int errno) {
    error = errno;
  }

  /** The datagrams that left so far. */
  public List<Sent> sent() {
    return List.copyOf(sent);
  }

  /** Forgets what was sent. */
  public void clear() {
    sent.clear();
  }

  /** Datagrams that wait for a flush. */
  public int queued() {
    return queue.size();
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public int localPort() {
    return localPort;
  }

  @Override
  public int slots() {
    return SLOTS;
  }

  @Override
  public int receive() {
    if (error != 0) {
      int now = error;
      error = 0;
      return -now;
    }
    received.clear();
    while (received.size() < SLOTS && !toReceive.isEmpty()) {
      Message m = toReceive.remove();
      int bytes = m.bytes().limit();
      slots.put(received.size() * SLOT_BYTES, m.bytes(), 0, bytes);
      received.add(m);
      int each = Math.max(1, m.datagramBytes());
      counters.in(Math.max(1, (bytes + each - 1) / each), bytes);
    }
    return received.size();
  }

  @Override
  public ByteBuffer buffer(int i) {
    return slots;
  }

  @Override
  public long address(int i) {
    return 0;
  }

  @Override
  public int offset(int i) {
    return i * SLOT_BYTES;
  }

  @Override
  public int bytes(int i) {
    return received.get(i).bytes().limit();
  }

  @Override
  public int datagramBytes(int i) {
    return received.get(i).datagramBytes();
  }

  @Override
  public long sourceHi(int i) {
    return received.get(i).from().hi();
  }

  @Override
  public long sourceLo(int i) {
    return received.get(i).from().lo();
  }

  @Override
  public int sourcePort(int i) {
    return received.get(i).from().port();
  }

  @Override
  public void sealWith(@Nullable Sealer with) {
    sealer = with;
  }

  @Override
  public void add(Burst burst) {
    enqueue(burst, null);
  }

  @Override
  public void add(Burst burst, long hi, long lo, int port) {
    enqueue(burst, new Endpoint(hi, lo, port));
  }

  private void enqueue(Burst burst, @Nullable Endpoint to) {
    ByteBuffer arena = ByteBuffer.allocate(Segmenter.ARENA_BYTES);
    Segmenter segmenter = new Segmenter(arena);
    for (int first = 0; first < burst.segments(); ) {
      int n = segmenter.segment(burst, first);
      for (int i = 0; i < n; i++) {
        byte[] header = new byte[segmenter.headerBytes()];
        arena.get(segmenter.headerStart(i), header);
        queue.add(
            new Queued(
                to,
                ByteBuffer.wrap(header),
                burst.buffer(),
                segmenter.payloadStart(i),
                segmenter.payloadBytes(i),
                trailer(segmenter, header, burst, i)));
      }
      first += n;
    }
  }

  private ByteBuffer trailer(Segmenter segmenter, byte[] header, Burst burst, int i) {
    if (sealer == null) {
      return ByteBuffer.allocate(0);
    }
    ByteBuffer trailer = ByteBuffer.allocate(Trailer.BYTES);
    sealer.seal(
        ByteBuffer.wrap(header),
        0,
        header.length,
        burst.buffer(),
        segmenter.payloadStart(i),
        segmenter.payloadBytes(i),
        trailer,
        0);
    return trailer;
  }

  private byte[] empty() {
    ByteBuffer trailer = ByteBuffer.allocate(sealer == null ? 0 : Trailer.BYTES);
    if (sealer != null) {
      sealer.seal(trailer, 0);
    }
    return trailer.array();
  }

  @Override
  public int sendEmpty() {
    sent.add(new Sent(null, empty()));
    return 0;
  }

  @Override
  public void sendEmpty(long hi, long lo, int port) {
    sent.add(new Sent(new Endpoint(hi, lo, port), empty()));
  }

  @Override
  public void flush() {
    for (Queued q : queue) {
      int headerBytes = q.header().limit();
      int packetBytes = headerBytes + q.payloadBytes();
      byte[] packet = new byte[packetBytes + q.trailer().capacity()];
      q.header().get(0, packet, 0, headerBytes);
      q.memory().get(q.payloadStart(), packet, headerBytes, q.payloadBytes());
      q.trailer().get(0, packet, packetBytes, q.trailer().capacity());
      counters.out(1, packet.length);
      sent.add(new Sent(q.to(), packet));
    }
    queue.clear();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    queue.clear();
  }
}
