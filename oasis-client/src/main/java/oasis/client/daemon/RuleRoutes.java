// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import oasis.client.engine.RuleHits;
import oasis.io.control.JsonException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/** The part of the control interface that lists and changes rules. */
final class RuleRoutes {
  /** Where the rules are. */
  static final String PATH = "/v1/rules";

  private static final String NUMBER = "[0-9]{1,6}";

  private final Changes changes;
  private final StatusReport report;

  RuleRoutes(Changes changes, StatusReport report) {
    this.changes = changes;
    this.report = report;
  }

  CompletionStage<Response> list() {
    return report.ruleCounts().thenApply(counts -> Response.json(list(counts)));
  }

  private List<Map<String, Object>> list(Map<Rule, RuleHits.Counts> counts) {
    LiveConfig config = changes.current();
    List<Map<String, Object>> list = new ArrayList<>();
    for (Rule rule : config.all().rules()) {
      RuleHits.Counts hits = counts.getOrDefault(rule, new RuleHits.Counts(rule, 0, 0, 0));
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("number", list.size() + 1);
      one.put("rule", rule.toString());
      one.put("enabled", !config.all().disabled().contains(rule));
      one.put("missing", ControlGroups.missing(rule.subset()));
      one.put("saved", config.isSaved(rule));
      one.put("names", hits.names());
      one.put("flows", hits.flows());
      one.put("bytes", hits.bytes());
      list.add(one);
    }
    return list;
  }

  CompletionStage<Response> add(Request request) throws JsonException {
    Map<String, @Nullable Object> body = request.json();
    String rule = ControlApi.text(body, "rule");
    if (body.get("at") == null) {
      return changes.change(config -> config.with(LiveConfig.parseRule(rule), true));
    }
    int at = number(body, "at");
    return changes.change(config -> config.with(LiveConfig.parseRule(rule), at, true));
  }

  /** {@code /v1/rules/NUMBER/move|enable|disable}. */
  CompletionStage<Response> alter(Request request) throws JsonException {
    String[] words = ControlApi.below(request, PATH).split("/", -1);
    if (words.length != 2 || !words[0].matches(NUMBER)) {
      return ControlApi.now(
          Response.error(404, "POST /v1/rules/NUMBER/move, …/enable or …/disable"));
    }
    int number = Integer.parseInt(words[0]);
    return switch (words[1]) {
      case "move" -> {
        int to = number(request.json(), "to");
        yield changes.change(config -> config.moved(number, to));
      }
      case "enable" -> changes.change(config -> config.withRuleEnabled(number, true));
      case "disable" -> changes.change(config -> config.withRuleEnabled(number, false));
      default ->
          ControlApi.now(
              Response.error(404, "\"" + words[1] + "\" is none of move, enable, disable"));
    };
  }

  CompletionStage<Response> removeByText(Request request) {
    String rule = request.query().get("text");
    if (rule == null) {
      return ControlApi.now(
          Response.error(400, "name the rule: DELETE /v1/rules/NUMBER or /v1/rules?text=RULE"));
    }
    return changes.change(config -> config.withoutRule(LiveConfig.parseRule(rule)));
  }

  CompletionStage<Response> removeByNumber(Request request) {
    String number = ControlApi.below(request, PATH);
    if (!number.matches(NUMBER)) {
      return ControlApi.now(Response.error(400, "\"" + number + "\" is not the number of a rule"));
    }
    return changes.change(config -> config.withoutRule(Integer.parseInt(number)));
  }

  private static int number(Map<String, @Nullable Object> body, String key) throws JsonException {
    if (body.get(key) instanceof Number number
        && number.doubleValue() == number.intValue()
        && number.intValue() >= 0) {
      return number.intValue();
    }
    throw new JsonException("the body must hold \"" + key + "\", the number of a rule");
  }
}
