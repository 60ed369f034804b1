// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.concurrent.Executor;
import oasis.exit.engine.ExitEngine;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a node that runs. All but the loop, the log and the executor belong to the loop's
 * thread.
 *
 * @param care runs what may wait, one thing at a time; it looks after the side, too
 * @param sinceNs when it began to carry packets
 */
record RunningNode(
    DataLoop loop,
    Traffic traffic,
    Side side,
    DatagramPort port,
    @Nullable FlowLog flowLog,
    Executor care,
    long sinceNs) {
  ExitEngine engine() {
    return traffic.engine();
  }
}
