// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import java.util.List;
import java.util.Optional;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Span;

/**
 * One comparison: all hosts one after the other.
 *
 * @param round from 1
 * @param startedAt time of day, ISO 8601
 * @param span what happened on the machine meanwhile
 * @param samples one for each host
 * @param tunPkts packets that the loaded host's TUN device carried or dropped meanwhile
 * @param published whether the server that the loaded host publishes answered from outside
 * @param statements what the kernel was given
 */
record Round(
    int round,
    String startedAt,
    Span span,
    List<Sample> samples,
    long tunPkts,
    boolean published,
    Statements statements)
    implements InRounds.Measured {

  /**
   * What was measured on a host.
   *
   * @param upMbits TCP from the host
   * @param downMbits TCP to the host
   * @param rttUs round-trip time, the mean of the middle half of the pings
   */
  record Sample(Host host, double upMbits, double downMbits, double rttUs) {}

  /**
   * Statements in the client's nftables table.
   *
   * @param few with one rule of each kind
   * @param many with all rules
   */
  record Statements(int few, int many) {}

  Optional<Sample> sample(Host host) {
    return samples.stream().filter(sample -> sample.host() == host).findFirst();
  }
}
