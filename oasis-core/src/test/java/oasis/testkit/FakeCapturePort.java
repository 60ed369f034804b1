// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import oasis.io.CapturePort;
import oasis.io.PortCounters;
import oasis.io.TunPort;
import oasis.packet.Burst;

/** A packet socket in memory: what the test offers has passed the filter. */
public final class FakeCapturePort implements CapturePort {
  private final FakeTunPort packets = new FakeTunPort(65_535);
  private int waiting;
  private int received;

  /** Lets a later receive return a packet with complete checksums. */
  public void offer(byte[] packet) {
    packets.offer(packet);
    waiting++;
  }

  /** Lets a later receive return what is behind a virtio header, such as an offloaded burst. */
  public void offerOffloaded(byte[] virtioHeaderAndPacket) {
    packets.offerOffloaded(virtioHeaderAndPacket);
    waiting++;
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public int slots() {
    return packets.slots();
  }

  @Override
  public int receive() {
    received = Math.min(waiting, slots());
    waiting -= received;
    return received;
  }

  /** As the port says, but each packet can be taken only once and in order. */
  @Override
  public boolean burst(int i, Burst into) {
    if (i >= received) {
      throw new AssertionError("packet " + i + " of " + received);
    }
    return packets.read(into, i) == TunPort.READ;
  }

  @Override
  public PortCounters counters() {
    return packets.counters();
  }

  @Override
  public void close() {
    packets.close();
  }
}
