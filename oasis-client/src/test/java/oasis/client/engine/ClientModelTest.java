// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import oasis.testkit.Gen;
import oasis.testkit.Shrink;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of all that happens to a client, beside {@link ModelClient}: names and their
 * answers, connections, hostile packets, rules, overlays that die, come and go, hours that pass,
 * kills and restarts. Flows keep their carriers, fakes mean one thing, nothing leaks, all counters
 * add up. A sequence that fails is printed as short as it gets, with its seed.
 */
class ClientModelTest {
  private static final int CASES = 80;
  private static final int LENGTH = 200;

  @Test
  void theEngineDoesWhatTheModelSays() {
    Map<String, Integer> happened = new TreeMap<>();
    Gen.cases(
        CASES,
        gen -> {
          List<ModelAction> actions = ModelAction.sequence(gen, LENGTH);
          ModelRun run = new ModelRun(gen.seed());
          if (ModelRun.failure(actions, run) != null) {
            fail(actions, gen.seed());
          }
          run.happened.forEach((what, times) -> happened.merge(what, times, Integer::sum));
        });
    assertThat(happened.keySet())
        .as("what the sequences reached: %s", happened)
        .contains(
            "by underlay",
            "by ron",
            "by detour",
            "by narrow",
            "answered",
            "faked",
            "reused",
            "exhausted",
            "made room",
            "full",
            "timed out",
            "died",
            "reset",
            "not granted",
            "filtered",
            "expired",
            "restarted",
            "refused UNKNOWN_FAKE",
            "refused NO_FLOW",
            "refused NO_CARRIER",
            "refused NO_IPV6",
            "refused FLOW_LIMIT");
    assertThat(happened.values()).as("how often: %s", happened).allMatch(times -> times >= 3);
  }

  private static void fail(List<ModelAction> actions, long seed) {
    List<ModelAction> few = Shrink.smallest(actions, l -> ModelRun.failure(l, seed) != null);
    throw new AssertionError(
        few.stream().map(Object::toString).collect(Collectors.joining("\n", "\n", "\n")),
        ModelRun.failure(few, seed));
  }
}
