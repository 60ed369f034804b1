// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.util.EnumMap;
import java.util.Map;
import oasis.packet.DropReason;

/**
 * What went through a port and what did not. In and out are seen from this process: a read is in.
 * Plain fields, confined to the data loop; other threads get a {@link #snapshot} by a command.
 */
public final class PortCounters {
  private static final DropReason[] REASONS = DropReason.values();

  private final long[] drops = new long[REASONS.length];
  private long inPkts;
  private long inBytes;
  private long inMessages;
  private long outPkts;
  private long outBytes;
  private long outMessages;
  private long offloadRefusals;

  /**
   * A copy that never changes.
   *
   * @param inPkts packets read; a burst counts as its segments
   * @param inBytes their bytes
   * @param inMessages reads or messages that brought them
   * @param outPkts packets written
   * @param outBytes their bytes
   * @param outMessages writes or messages that took them
   * @param offloadRefusals times the kernel refused a burst that was then sent packet by packet
   * @param drops packets dropped by reason; reasons that never struck are left out
   */
  public record Snapshot(
      long inPkts,
      long inBytes,
      long inMessages,
      long outPkts,
      long outBytes,
      long outMessages,
      long offloadRefusals,
      Map<DropReason, Long> drops) {}

  /** Counts one read or message. */
  public void in(int pkts, long bytes) {
    inPkts += pkts;
    inBytes += bytes;
    inMessages++;
  }

  /** Counts one write or message that the kernel took. */
  public void out(int pkts, long bytes) {
    outPkts += pkts;
    outBytes += bytes;
    outMessages++;
  }

  /** Counts packets that were dropped. */
  public void drop(DropReason why, int pkts) {
    drops[why.ordinal()] += pkts;
  }

  /** Counts a burst that the kernel would not segment. */
  public void offloadRefused() {
    offloadRefusals++;
  }

  /** Packets dropped for this reason. */
  public long drops(DropReason why) {
    return drops[why.ordinal()];
  }

  /** A copy for other threads. */
  public Snapshot snapshot() {
    EnumMap<DropReason, Long> struck = new EnumMap<>(DropReason.class);
    for (DropReason reason : REASONS) {
      if (drops[reason.ordinal()] != 0) {
        struck.put(reason, drops[reason.ordinal()]);
      }
    }
    return new Snapshot(
        inPkts, inBytes, inMessages, outPkts, outBytes, outMessages, offloadRefusals, struck);
  }
}
