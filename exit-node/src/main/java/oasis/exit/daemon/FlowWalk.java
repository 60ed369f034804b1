// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.concurrent.TimeUnit;
import oasis.exit.engine.ExitEngine;
import oasis.io.DataLoop;

/**
 * Tells the flow log of flows that live for long, so that its old files need not be kept for them:
 * goes through all flows once in a while, a few each second. Confined to the data loop.
 */
final class FlowWalk implements DataLoop.Timer {
  /** From the beginning of one walk to the next, and the age at which a flow is told of. */
  static final long PERIOD_NS = TimeUnit.HOURS.toNanos(1);

  private static final long STEP_NS = TimeUnit.SECONDS.toNanos(1);
  private static final int MIN_STEP = 256;

  /** A walk takes a third of a period at most. */
  private static final int STEPS = 1200;

  private final ExitEngine engine;
  private final FlowLog log;
  private final int step;
  private long beganNs;
  private long dueNs;
  private int next;

  /**
   * @param maxFlows flows that there may be
   */
  FlowWalk(ExitEngine engine, FlowLog log, int maxFlows, long nowNs) {
    this.engine = engine;
    this.log = log;
    step = Math.max(MIN_STEP, maxFlows / STEPS);
    beganNs = nowNs;
    dueNs = nowNs + PERIOD_NS;
  }

  @Override
  public long nextDeadlineNs() {
    return dueNs;
  }

  @Override
  public void onDue(long nowNs) {
    if (nowNs - dueNs < 0) {
      return;
    }
    if (next == 0) {
      beganNs = nowNs;
    }
    next =
        engine
            .view()
            .visitFlows(
                next,
                step,
                flow -> {
                  if (nowNs - flow.beganNs >= PERIOD_NS) {
                    log.alive(flow);
                  }
                });
    if (next < 0) {
      next = 0;
      dueNs = beganNs + PERIOD_NS;
    } else {
      dueNs = nowNs + STEP_NS;
    }
  }
}
