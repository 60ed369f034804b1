// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.List;
import java.util.stream.Stream;

/**
 * A stretch of the capture at the host's uplink.
 *
 * @param packets those with a fake address, as tcpdump prints them
 * @param complete whether the kernel says that it has kept nothing back since the capture began
 */
record Capture(List<String> packets, boolean complete) {
  /** Both stretches as one. */
  Capture and(Capture next) {
    return new Capture(
        Stream.concat(packets.stream(), next.packets.stream()).toList(), complete && next.complete);
  }
}
