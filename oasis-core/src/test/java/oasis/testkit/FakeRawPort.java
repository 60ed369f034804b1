// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.util.List;
import oasis.io.PortCounters;
import oasis.io.RawPort;
import oasis.packet.Burst;

/** A raw socket in memory. What is sent shows after the flush. */
public final class FakeRawPort implements RawPort {
  private final FakeDatagramPort packets = new FakeDatagramPort(0);

  /** The packets that left so far. */
  public List<byte[]> sent() {
    return packets.sent().stream().map(FakeDatagramPort.Sent::bytes).toList();
  }

  /** Forgets what was sent. */
  public void clear() {
    packets.clear();
  }

  @Override
  public int add(Burst burst) {
    packets.add(burst);
    return 0;
  }

  @Override
  public void flush() {
    packets.flush();
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
