// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import oasis.exit.engine.ExitEngine;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import org.jspecify.annotations.Nullable;

/** The exit node's control interface: read only. Handlers ask the data loop by commands. */
final class ControlRoutes {
  private static final int DEFAULT_LIMIT = 1000;
  private static final int MAX_LIMIT = 100_000;

  private record Running(
      DataLoop loop,
      ExitEngine engine,
      Side side,
      DatagramPort port,
      @Nullable FlowLog flowLog,
      long sinceNs) {}

  private final ExitConfig config;
  private volatile @Nullable Running running;

  ControlRoutes(ExitConfig config) {
    this.config = config;
  }

  /** From now on requests are answered. */
  void serve(
      DataLoop loop, ExitEngine engine, Side side, DatagramPort port, @Nullable FlowLog log) {
    running = new Running(loop, engine, side, port, log, System.nanoTime());
  }

  Routes routes() {
    return Routes.builder()
        .get("/v1/status", request -> ask(this::status))
        .get("/v1/clients", request -> listing(request, (now, limit) -> now.engine.clients(limit)))
        .get(
            "/v1/flows",
            request -> listing(request, (now, limit) -> now.engine.flows(limit, System.nanoTime())))
        .build();
  }

  private interface Question {
    Object answer(Running running);
  }

  private CompletionStage<Response> ask(Question question) {
    Running now = running;
    if (now == null) {
      return CompletableFuture.completedFuture(Response.error(503, "the exit node is starting"));
    }
    Supplier<Object> onLoop = () -> question.answer(now);
    return now.loop.call(onLoop).thenApply(Response::json);
  }

  private interface Listing {
    Object of(Running running, int limit);
  }

  private CompletionStage<Response> listing(Request request, Listing listing) {
    String text = request.query().getOrDefault("limit", Integer.toString(DEFAULT_LIMIT));
    if (!text.matches("[1-9][0-9]{0,5}") || Integer.parseInt(text) > MAX_LIMIT) {
      return CompletableFuture.completedFuture(
          Response.error(400, "limit must be 1 to %d, not '%s'".formatted(MAX_LIMIT, text)));
    }
    int limit = Integer.parseInt(text);
    return ask(now -> listing.of(now, limit));
  }

  private Object status(Running now) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("ready", true);
    status.put("uptimeMs", (System.nanoTime() - now.sinceNs) / 1_000_000);
    status.put("pid", ProcessHandle.current().pid());
    status.put("port", now.port.localPort());
    status.put("mtu", config.mtu());
    status.put("open", config.open());
    status.put("allowed", config.allowed().stream().map(Object::toString).toList());
    status.put("allowedDestinations", config.opened().stream().map(Object::toString).toList());
    status.put("engine", now.engine.info());
    status.putAll(now.side.report());
    status.put("udpPort", now.port.counters().snapshot());
    status.put("loopFailures", now.loop.failures());
    status.put("flowLogLost", now.flowLog == null ? 0 : now.flowLog.lost());
    return status;
  }
}
