// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import oasis.client.engine.CarrierState;
import oasis.client.engine.Decision;
import oasis.client.engine.Explanation;
import oasis.io.config.ConfigException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.rules.ProgramFacts;
import oasis.rules.Rule;
import oasis.rules.RuleSet;
import org.jspecify.annotations.Nullable;

/**
 * Answers which rule and which carrier a name or a 5-tuple gets now, and why: what each earlier
 * rule says and in which state its carrier is.
 */
final class ExplainReport {
  /** Most earlier rules that an answer lists; the others are counted. */
  static final int MAX_STEPS = 100;

  /** Behind a reason that does not hold for every program. */
  private static final String EXCEPT =
      "; programs that a rule above is for come first: add uid NUMBER or cgroup PATH to ask about"
          + " one";

  private final Changes changes;
  private final StatusReport report;

  ExplainReport(Changes changes, StatusReport report) {
    this.changes = changes;
    this.report = report;
  }

  /** {@code GET /v1/explain?of=NAME|5-TUPLE}. */
  CompletionStage<Response> explain(Request request) {
    String of = request.query().get("of");
    if (of == null || of.isBlank()) {
      return ControlApi.now(Response.error(400, "say what: /v1/explain?of=NAME or of=5-TUPLE"));
    }
    try {
      Question question = Question.parse(of);
      FlowKey key = question.key();
      CompletionStage<Map<String, @Nullable Object>> answer =
          key != null
              ? flow(of, key, question.program())
              : name(of, String.valueOf(question.name()), question.program());
      return answer.thenApply(Response::json);
    } catch (ConfigException e) {
      return ControlApi.now(Response.error(400, String.valueOf(e.getMessage())));
    }
  }

  private CompletionStage<Map<String, @Nullable Object>> name(
      String of, String name, ProgramFacts program) {
    return report
        .ask(
            engine ->
                List.of(engine.explain(name, program, true), engine.explain(name, program, false)))
        .thenApply(
            both -> {
              Map<String, @Nullable Object> answer = new LinkedHashMap<>();
              answer.put("of", of);
              answer.put("name", name);
              answer.put("flow", null);
              answer.put(
                  "decisions",
                  List.of(
                      decision("ipv4", both.get(0), new Question(name, null, program)),
                      decision("ipv6", both.get(1), new Question(name, null, program))));
              return answer;
            });
  }

  private CompletionStage<Map<String, @Nullable Object>> flow(
      String of, FlowKey key, ProgramFacts program) {
    return report
        .ask(engine -> engine.explain(key, program, System.nanoTime()))
        .thenApply(explanation -> flow(of, key, program, explanation));
  }

  private Map<String, @Nullable Object> flow(
      String of, FlowKey key, ProgramFacts program, Explanation explanation) {
    Map<String, @Nullable Object> answer = new LinkedHashMap<>();
    answer.put("of", of);
    answer.put("name", explanation.name());
    answer.put("flow", explanation.flow() == null ? null : StatusReport.flow(explanation.flow()));
    String family = Addresses.isV4(key.dstHi, key.dstLo) ? "ipv4" : "ipv6";
    Map<String, @Nullable Object> decision =
        decision(family, explanation.decision(), new Question(explanation.name(), key, program));
    if (explanation.unknownFake()) {
      decision.put("carrier", null);
      decision.put("rule", null);
      decision.put("why", "the destination is a fake address that means no name: refused");
    }
    answer.put("decisions", List.of(decision));
    return answer;
  }

  private Map<String, @Nullable Object> decision(
      String family, Decision decision, Question question) {
    Map<Rule, Decision.Match> matches = new HashMap<>();
    decision.matches().forEach(match -> matches.put(match.rule(), match));
    ClientConfig config = changes.current().all();
    List<Map<String, @Nullable Object>> steps = new ArrayList<>();
    @Nullable Integer number = null;
    int omitted = 0;
    for (int i = 0; i < config.rules().size(); i++) {
      Rule rule = config.rules().get(i);
      Decision.Match match = matches.get(rule);
      if (match == null && (number != null || steps.size() >= MAX_STEPS)) {
        omitted += number == null ? 1 : 0;
        continue;
      }
      Map<String, @Nullable Object> step = new LinkedHashMap<>();
      step.put("number", i + 1);
      step.put("rule", rule.toString());
      if (match != null) {
        matching(step, match);
      } else if (config.disabled().contains(rule)) {
        step.put("result", "disabled");
        step.put("wouldMatch", matches(rule, question));
      } else {
        step.put("result", "does not match");
      }
      steps.add(step);
      number = rule.equals(decision.rule()) ? (Integer) (i + 1) : number;
    }
    Map<String, @Nullable Object> one = new LinkedHashMap<>();
    one.put("family", family);
    one.put("carrier", decision.carrier());
    one.put("rule", number);
    one.put("why", why(decision, number, question.name()));
    one.put("steps", steps);
    one.put("omitted", omitted);
    return one;
  }

  private static void matching(Map<String, @Nullable Object> step, Decision.Match match) {
    step.put("result", "matches");
    step.put("onlyFor", match.depends() ? match.rule().subset().programs() : null);
    step.put("overlay", match.rule().overlay());
    CarrierState state = match.state();
    step.put("state", state == null ? null : state.name().toLowerCase(Locale.ROOT));
    step.put("carrierIs", carrierIs(match));
    step.put("verdict", match.verdict().name().toLowerCase(Locale.ROOT));
  }

  private static boolean matches(Rule rule, Question question) {
    if (question.program().holds(rule.subset()) == ProgramFacts.Answer.NO) {
      return false;
    }
    RuleSet alone = RuleSet.compile(List.of(rule));
    String name = question.name();
    FlowKey key = question.key();
    return name != null ? alone.matchName(name) >= 0 : key != null && alone.matchHeader(key) >= 0;
  }

  /** The state of a rule's carrier in words. */
  private static String carrierIs(Decision.Match match) {
    CarrierState state = match.state();
    if (state == null) {
      return "has not been added";
    }
    if (!match.fits()) {
      return "carries no IPv6";
    }
    return switch (state) {
      case UNKNOWN -> "has not been heard yet";
      case ALIVE -> "is alive";
      case SUSPECT -> "is silent";
      case DEAD -> "is dead";
    };
  }

  private String why(Decision decision, @Nullable Integer number, @Nullable String name) {
    if (decision.mediated()) {
      return "everything is mediated: the underlay carries it whatever the rules say";
    }
    if (decision.matches().isEmpty()
        && name != null
        && changes.current().all().options().names().holds(name)) {
      return "such a name is never faked unless a rule spells it out: the plain Internet";
    }
    if (decision.matches().isEmpty()) {
      return "no rule matches: it goes by the plain Internet";
    }
    List<Decision.Match> certain =
        decision.matches().stream().filter(match -> !match.depends()).toList();
    if (certain.size() < decision.matches().size()) {
      return why(decision, certain, number) + EXCEPT;
    }
    return why(decision, certain, number);
  }

  private static String why(
      Decision decision, List<Decision.Match> certain, @Nullable Integer number) {
    if (certain.isEmpty()) {
      return "no rule matches every program";
    }
    if (decision.rule() == null) {
      return "no rule that matches can serve, and each leaves it to the next: the underlay";
    }
    Decision.Match last = certain.get(certain.size() - 1);
    String overlay = "overlay \"" + last.rule().overlay() + "\" " + carrierIs(last);
    String rule = "rule " + number + " matches";
    return switch (last.verdict()) {
      case CARRIED -> rule + ", and " + overlay;
      case BLOCKED -> rule + ", but " + overlay + ", and it says block: refused";
      default ->
          last.rule().overlay().equals(Rule.UNDERLAY)
              ? rule + " and names the underlay"
              : rule + ", but " + overlay + ": the underlay instead";
    };
  }
}
