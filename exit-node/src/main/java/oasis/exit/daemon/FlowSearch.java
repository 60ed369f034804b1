// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import oasis.exit.engine.FlowInfo;
import oasis.io.control.Response;

/**
 * Looks through all flows of the running node for the asked one, a few at a time, so that packets
 * do not wait. Its state belongs to the data loop.
 */
final class FlowSearch {
  /** Flows that are looked at in one go. */
  private static final int STEP = 256;

  /** Most flows that are answered. */
  private static final int MAX_FOUND = 10_000;

  private final RunningNode node;
  private final OuterTuple asked;
  private final List<FlowInfo> found = new ArrayList<>();

  private FlowSearch(RunningNode node, OuterTuple asked) {
    this.node = node;
    this.asked = asked;
  }

  /**
   * Searches; the answer has the time at which the search began, and the flows.
   *
   * @param flowLog path of the log, which the answer has, too; empty when there is none
   */
  static CompletionStage<Response> of(RunningNode node, OuterTuple asked, String flowLog) {
    Instant now = Instant.now();
    return new FlowSearch(node, asked)
        .from(0)
        .thenApply(
            flows -> {
              Map<String, Object> answer = new LinkedHashMap<>();
              answer.put("now", now);
              answer.put("flows", flows);
              answer.put("flowLog", flowLog);
              return Response.json(answer);
            });
  }

  private CompletionStage<List<FlowInfo>> from(int slot) {
    return node.loop()
        .call(() -> look(slot))
        .thenCompose(
            next ->
                next < 0 || found.size() >= MAX_FOUND
                    ? CompletableFuture.completedFuture(found)
                    : from(next));
  }

  private int look(int slot) {
    return node.engine()
        .view()
        .visitFlows(
            slot,
            STEP,
            flow -> {
              if (asked.matches(flow)) {
                found.add(FlowInfo.of(flow, System.nanoTime()));
              }
            });
  }
}
