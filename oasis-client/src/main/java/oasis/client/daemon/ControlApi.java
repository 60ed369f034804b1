// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import oasis.io.control.JsonException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import oasis.os.OsException;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * The control interface of the client. Questions are answered with snapshots that the data loop
 * makes; changes run one after the other on the thread that owns the configuration.
 *
 * <pre>
 * GET    /v1/status                    state, counters, drops
 * GET    /v1/flows?limit=N             the flow map, at most N flows (default 1000)
 * GET    /v1/overlays                  [{"name", "url", "saved"}]
 * POST   /v1/overlays                  {"name", "url"}
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
  private static final String OVERLAYS = "/v1/overlays";
  private static final String RULES = "/v1/rules";

  private final Configurator configurator;
  private final Executor changes;
  private final StatusReport report;
  private final Overlay.Resolver resolver;

  /** A change of the configuration. */
  @FunctionalInterface
  private interface Change {
    LiveConfig apply(LiveConfig current) throws ConfigException;
  }

  /**
   * @param changes the thread that the configurator is confined to
   */
  ControlApi(
      Configurator configurator, Executor changes, StatusReport report, Overlay.Resolver resolver) {
    this.configurator = configurator;
    this.changes = changes;
    this.report = report;
    this.resolver = resolver;
  }

  Routes routes() {
    return Routes.builder()
        .get("/v1/status", request -> report.status().thenApply(Response::json))
        .get("/v1/flows", this::flows)
        .get(OVERLAYS, request -> now(Response.json(overlays())))
        .post(OVERLAYS, this::addOverlay)
        .delete(OVERLAYS + "/*", request -> change(c -> c.withoutOverlay(below(request, OVERLAYS))))
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

  private List<Map<String, Object>> overlays() {
    LiveConfig config = configurator.current();
    List<Map<String, Object>> list = new ArrayList<>();
    for (Overlay overlay : config.all().overlays()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", overlay.name());
      one.put("url", overlay.url());
      one.put("saved", config.isSaved(overlay));
      list.add(one);
    }
    return list;
  }

  private List<Map<String, Object>> rules() {
    LiveConfig config = configurator.current();
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

  private CompletionStage<Response> addOverlay(Request request) throws JsonException {
    Map<String, @Nullable Object> body = request.json();
    String name = text(body, "name");
    String url = text(body, "url");
    return change(config -> config.with(Overlay.parse(name, url, resolver), true));
  }

  private CompletionStage<Response> addRule(Request request) throws JsonException {
    String rule = text(request.json(), "rule");
    return change(config -> config.with(LiveConfig.parseRule(rule), true));
  }

  private CompletionStage<Response> removeRuleByText(Request request) {
    String rule = request.query().get("text");
    if (rule == null) {
      return now(
          Response.error(400, "name the rule: DELETE /v1/rules/NUMBER or /v1/rules?text=RULE"));
    }
    return change(config -> config.withoutRule(LiveConfig.parseRule(rule)));
  }

  private CompletionStage<Response> removeRuleByNumber(Request request) {
    String number = below(request, RULES);
    if (!number.matches("[0-9]{1,6}")) {
      return now(Response.error(400, "\"" + number + "\" is not the number of a rule"));
    }
    return change(config -> config.withoutRule(Integer.parseInt(number)));
  }

  private CompletionStage<Response> change(Change change) {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    changes.execute(
        () -> {
          try {
            configurator.change(change.apply(configurator.current()));
            answer.complete(Response.done());
          } catch (ConfigException e) {
            answer.complete(Response.error(409, message(e)));
          } catch (OsException e) {
            answer.complete(Response.error(500, message(e)));
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  private static CompletionStage<Response> now(Response response) {
    return CompletableFuture.completedFuture(response);
  }

  private static String below(Request request, String path) {
    return request.path().substring(path.length() + 1);
  }

  private static String text(Map<String, @Nullable Object> body, String key) throws JsonException {
    if (body.get(key) instanceof String text) {
      return text;
    }
    throw new JsonException("the body must hold \"" + key + "\", a string");
  }

  private static String message(Exception e) {
    return ConfigException.oneLine(String.valueOf(e.getMessage()));
  }
}
