// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;
import oasis.io.control.JsonException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import org.jspecify.annotations.Nullable;

/**
 * The control interface of the client. Questions are answered with snapshots that the data loop
 * makes; changes run one after the other on the thread that owns the configuration.
 *
 * <pre>
 * GET    /v1/status                    state, counters, drops
 * GET    /v1/flows?limit=N             the flow map, at most N flows (default 1000)
 * GET    /v1/dns?limit=N               names and their fake addresses, at most N (default 1000)
 * GET    /v1/overlays                  [{"name", "url", "version", "entries", "mtu", "saved"}]
 * POST   /v1/overlays                  {"name", "url"}
 * POST   /v1/overlays/NAME             {}: fetches its specification again
 * DELETE /v1/overlays/NAME
 * GET    /v1/rules                     [{"number", "rule", "enabled", "saved",
 *                                        "names", "flows", "bytes"}]
 * POST   /v1/rules                     {"rule", "at": NUMBER (default: behind the others)}
 * POST   /v1/rules/NUMBER/move         {"to": NUMBER}
 * POST   /v1/rules/NUMBER/disable      decides nothing, keeps its place
 * POST   /v1/rules/NUMBER/enable
 * DELETE /v1/rules/NUMBER              the first rule is number 1
 * DELETE /v1/rules?text=RULE
 * GET    /v1/explain?of=NAME|5-TUPLE   which rule and carrier, and why
 * POST   /v1/reload                    {}: reads client.xml again
 * POST   /v1/stop                      {}: ends the client
 * </pre>
 *
 * A request that cannot be met is answered with 400 (it is wrong), 409 (it does not fit what is
 * there) or 500 (the operating system refused) and {@code {"error": one line}}.
 */
final class ControlApi {
  private static final int DEFAULT_LIMIT = 1000;

  /** What requests to a running client are addressed to. */
  static final String SERVER = "oasis-client";

  private final OverlayApi overlays;
  private final Reload reload;
  private final Runnable stop;
  private final StatusReport report;
  private final RuleRoutes rules;
  private final ExplainReport explanations;

  /**
   * @param stop begins the end of this process
   */
  ControlApi(
      Changes changes, OverlayApi overlays, Reload reload, Runnable stop, StatusReport report) {
    this.overlays = overlays;
    this.reload = reload;
    this.stop = stop;
    this.report = report;
    rules = new RuleRoutes(changes, report);
    explanations = new ExplainReport(changes, report);
  }

  Routes routes() {
    return overlays
        .addTo(Routes.builder().server(SERVER))
        .post("/v1/reload", request -> reload.run(OverlayApi.PATIENCE_NS))
        .post(
            "/v1/stop",
            request -> {
              stop.run();
              return now(Response.done());
            })
        .get("/v1/status", request -> report.status().thenApply(Response::json))
        .get("/v1/flows", request -> limited(request, report::flows))
        .get("/v1/dns", request -> limited(request, report::fakes))
        .get(RuleRoutes.PATH, request -> rules.list())
        .post(RuleRoutes.PATH, rules::add)
        .post(RuleRoutes.PATH + "/*", rules::alter)
        .delete(RuleRoutes.PATH, rules::removeByText)
        .delete(RuleRoutes.PATH + "/*", rules::removeByNumber)
        .get("/v1/explain", explanations::explain)
        .build();
  }

  /** A list of at most as many items as the request's limit says. */
  private static CompletionStage<Response> limited(
      Request request, IntFunction<? extends CompletionStage<?>> list) {
    String limit = request.query().getOrDefault("limit", Integer.toString(DEFAULT_LIMIT));
    if (!limit.matches("[0-9]{1,7}")) {
      return now(Response.error(400, "limit must be 0 to 9999999, not '%s'".formatted(limit)));
    }
    return list.apply(Integer.parseInt(limit)).thenApply(Response::json);
  }

  static CompletionStage<Response> now(Response response) {
    return CompletableFuture.completedFuture(response);
  }

  static String below(Request request, String path) {
    return request.path().substring(path.length() + 1);
  }

  static String text(Map<String, @Nullable Object> body, String key) throws JsonException {
    if (body.get(key) instanceof String text) {
      return text;
    }
    throw new JsonException("the body must hold \"" + key + "\", a string");
  }
}
