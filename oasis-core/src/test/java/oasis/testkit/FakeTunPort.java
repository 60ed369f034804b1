// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import oasis.io.PortCounters;
import oasis.io.TunPort;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Segmenter;
import oasis.packet.VirtioHeader;

/** A TUN device in memory: the test is the kernel behind it. */
public final class FakeTunPort implements TunPort {
  private static final int SLOTS = 32;
  private static final int SLOT_BYTES = VirtioHeader.BYTES + 65_536;

  private final int mtu;
  private final PortCounters counters = new PortCounters();
  private final ArrayDeque<byte[]> toRead = new ArrayDeque<>();
  private final ByteBuffer slots = ByteBuffer.allocateDirect(SLOTS * SLOT_BYTES);
  private final List<byte[]> written = new ArrayList<>();
  private int writes;
  private boolean refusing;
  private boolean gone;

  /** Makes a device with this MTU. */
  public FakeTunPort(int mtu) {
    this.mtu = mtu;
  }

  /** Lets the next read return a packet with complete checksums. */
  public void offer(byte[] packet) {
    byte[] framed = new byte[VirtioHeader.BYTES + packet.length];
    System.arraycopy(packet, 0, framed, VirtioHeader.BYTES, packet.length);
    toRead.add(framed);
  }

  /** Lets the next read return what is behind a virtio header, such as an offloaded burst. */
  public void offerOffloaded(byte[] virtioHeaderAndPacket) {
    toRead.add(virtioHeaderAndPacket.clone());
  }

  /** The packets written so far; a burst counts as its segments, with checksums finished. */
  public List<byte[]> written() {
    return List.copyOf(written);
  }

  /** Number of bursts written so far. */
  public int writes() {
    return writes;
  }

  /** Forgets what was written. */
  public void clear() {
    written.clear();
    writes = 0;
  }

  /** Refuses every write from now on, as a device that is down does; or no longer. */
  public void refuse(boolean yes) {
    refusing = yes;
  }

  /** Behaves as a device that somebody deleted. */
  public void delete() {
    gone = true;
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public boolean udpBursts() {
    return true;
  }

  @Override
  public int slots() {
    return SLOTS;
  }

  @Override
  public int read(Burst into, int slot) {
    if (gone) {
      return GONE;
    }
    byte[] next = toRead.poll();
    if (next == null) {
      return NOTHING;
    }
    int at = slot * SLOT_BYTES;
    slots.put(at, next);
    DropReason bad = into.checkOffloaded(slots, 0, at, next.length, 0);
    if (bad != null) {
      counters.drop(bad, 1);
      return DROPPED;
    }
    counters.in(into.segments(), into.length());
    return READ;
  }

  @Override
  public void write(Burst burst) {
    if (refusing || gone) {
      counters.drop(DropReason.SEND_REFUSED, burst.segments());
      return;
    }
    writes++;
    counters.out(burst.segments(), burst.length());
    ByteBuffer arena = ByteBuffer.allocate(Segmenter.ARENA_BYTES);
    Segmenter segmenter = new Segmenter(arena);
    for (int first = 0; first < burst.segments(); ) {
      int n = segmenter.segment(burst, first);
      for (int i = 0; i < n; i++) {
        byte[] packet = new byte[segmenter.headerBytes() + segmenter.payloadBytes(i)];
        arena.get(segmenter.headerStart(i), packet, 0, segmenter.headerBytes());
        burst
            .buffer()
            .get(
                segmenter.payloadStart(i),
                packet,
                segmenter.headerBytes(),
                segmenter.payloadBytes(i));
        written.add(packet);
      }
      first += n;
    }
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    gone = true;
  }
}
