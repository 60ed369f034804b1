// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import oasis.io.control.JsonException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * The control interface of the client. Questions are answered with snapshots that the data loop
 * makes; changes run one after the other on the thread that owns the configuration.
 *
 * <pre>
 * GET    /v1/status                    state, counters, drops
 * GET    /v1/flows?limit=N             the flow map, at most N flows (default 1000)
 * GET    /v1/overlays                  [{"name", "url", "version", "entries", "mtu", "saved"}]
 * POST   /v1/overlays                  {"name", "url"}
 * POST   /v1/overlays/NAME             {}: fetches its specification again
 * DELETE /v1/overlays/NAME
 * GET    /v1/rules                     [{"number", "rule", "saved"}]
 * POST   /v1/rules                     {"rule"}
 * DELETE /v1/rules/NUMBER              the first rule is number 1
 * DELETE /v1/rules?text=RULE
 * </pre>
 *
 * A request that cannot be met is answered with 400 (it is wrong), 409 (it does not fit what is
 * there) or 500 (the operating system refused) and {@code {"error": one line}}.
 */
final class ControlApi {
  private static final int DEFAULT_FLOWS = 1000;
  private static final String RULES = "/v1/rules";

  private final Changes changes;
  private final OverlayApi overlays;
  private final StatusReport report;

  ControlApi(Changes changes, OverlayApi overlays, StatusReport report) {
    this.changes = changes;
    this.overlays = overlays;
    this.report = report;
  }

  Routes routes() {
    return overlays
        .addTo(Routes.builder())
        .get("/v1/status", request -> report.status().thenApply(Response::json))
        .get("/v1/flows", this::flows)
        .get(RULES, request -> now(Response.json(rules())))
        .post(RULES, this::addRule)
        .delete(RULES, this::removeRuleByText)
        .delete(RULES + "/*", this::removeRuleByNumber)
        .build();
  }

  private CompletionStage<Response> flows(Request request) {
    String limit = request.query().getOrDefault("limit", Integer.toString(DEFAULT_FLOWS));
    if (!limit.matches("[0-9]{1,7}")) {
      return now(Response.error(400, "limit must be a number of flows"));
    }
    return report.flows(Integer.parseInt(limit)).thenApply(Response::json);
  }

  private List<Map<String, Object>> rules() {
    LiveConfig config = changes.current();
    List<Map<String, Object>> list = new ArrayList<>();
    for (Rule rule : config.all().rules()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("number", list.size() + 1);
      one.put("rule", rule.toString());
      one.put("saved", config.isSaved(rule));
      list.add(one);
    }
    return list;
  }

  private CompletionStage<Response> addRule(Request request) throws JsonException {
    String rule = text(request.json(), "rule");
    return changes.change(config -> config.with(LiveConfig.parseRule(rule), true));
  }

  private CompletionStage<Response> removeRuleByText(Request request) {
    String rule = request.query().get("text");
    if (rule == null) {
      return now(
          Response.error(400, "name the rule: DELETE /v1/rules/NUMBER or /v1/rules?text=RULE"));
    }
    return changes.change(config -> config.withoutRule(LiveConfig.parseRule(rule)));
  }

  private CompletionStage<Response> removeRuleByNumber(Request request) {
    String number = below(request, RULES);
    if (!number.matches("[0-9]{1,6}")) {
      return now(Response.error(400, "\"" + number + "\" is not the number of a rule"));
    }
    return changes.change(config -> config.withoutRule(Integer.parseInt(number)));
  }

  private static CompletionStage<Response> now(Response response) {
    return CompletableFuture.completedFuture(response);
  }

  private static String below(Request request, String path) {
    return request.path().substring(path.length() + 1);
  }

  static String text(Map<String, @Nullable Object> body, String key) throws JsonException {
    if (body.get(key) instanceof String text) {
      return text;
    }
    throw new JsonException("the body must hold \"" + key + "\", a string");
  }
}
