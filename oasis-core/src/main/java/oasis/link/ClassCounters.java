// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/** What has happened to the packets of a class. Confined to one thread. */
final class ClassCounters {
  long waitingPkts;
  long waitingBytes;
  long sentPkts;
  long sentBytes;
  long fullPkts;
  long latePkts;
  long markedPkts;
  final DelayHistogram delays = new DelayHistogram();

  void enter(int pkts, int bytes) {
    waitingPkts += pkts;
    waitingBytes += bytes;
  }

  void leave(int pkts, int bytes) {
    waitingPkts -= pkts;
    waitingBytes -= bytes;
  }

  void sent(int pkts, long bytes, long waitedNs) {
    sentPkts += pkts;
    sentBytes += bytes;
    delays.add(waitedNs, pkts);
  }

  ClassStatistics snapshot() {
    return new ClassStatistics(
        waitingPkts,
        waitingBytes,
        sentPkts,
        sentBytes,
        fullPkts,
        latePkts,
        markedPkts,
        delays.percentileUs(50),
        delays.percentileUs(99));
  }
}
