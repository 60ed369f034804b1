// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.Locale;
import java.util.function.Consumer;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.flow.StateException;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.os.Memory;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a node's engine, without flows or with those of the node that it replaces.
 *
 * @param settings tells it, while it has no flows, what the operator wants
 */
record Beginning(
    EngineConfig config,
    BackendKind backend,
    DatagramPort port,
    Side side,
    @Nullable FlowLog flowLog,
    Consumer<Traffic> settings) {
  private static final Logger LOG = LoggerFactory.getLogger(Beginning.class);

  /**
   * Joins engine, ports and a loop that has not started.
   *
   * @param former the node to replace, which carries nothing any more when this returns, or null
   */
  Traffic traffic(@Nullable Predecessor former, DataLoop loop) throws OsException {
    if (former == null) {
      return joined(fresh(), loop);
    }
    rehearse();
    byte[] state = former.state();
    Traffic traffic = joined(restored(state), loop);
    former.taken();
    return traffic;
  }

  private Traffic joined(Traffic traffic, DataLoop loop) {
    side.begin(traffic.engine());
    traffic.join(loop);
    return traffic;
  }

  private Traffic fresh() {
    Traffic traffic = new Traffic(port, side, flowLog, this::engine);
    settings.accept(traffic);
    return traffic;
  }

  private ExitEngine engine(ExitEffects out) {
    Memory memory = Memory.allocate(ExitEngine.MEMORY_BYTES);
    return new ExitEngine(config, backend, memory.buffer(), memory.address(), out);
  }

  private Traffic restored(byte[] state) {
    Traffic traffic = fresh();
    try {
      traffic.engine().restore(state, System.nanoTime());
      return traffic;
    } catch (StateException e) {
      LOG.warn("{}; all flows begin anew", e.getMessage());
      if (flowLog != null) {
        flowLog.started(backend.name().toLowerCase(Locale.ROOT)); // the flows of before have ended
      }
      return fresh();
    }
  }

  /** Loads what is needed while nothing can be carried, as long as another process carries. */
  private void rehearse() {
    restored(fresh().engine().write(System.nanoTime()));
  }
}
