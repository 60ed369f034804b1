// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import oasis.exit.engine.EngineView;
import oasis.exit.engine.QueueConfig;
import oasis.io.config.ConfigException;
import oasis.io.control.JsonException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** The exit node's control interface. Handlers ask the data loop by commands. */
final class ControlRoutes {
  private static final int DEFAULT_LIMIT = 1000;
  private static final int MAX_LIMIT = 100_000;

  private record Running(RunningNode node, Reload reload, Succession succession) {}

  private final Runnable stop;
  private volatile @Nullable Running running;

  /**
   * @param stop ends the node, soon
   */
  ControlRoutes(Runnable stop) {
    this.stop = stop;
  }

  /** From now on requests are answered. */
  void serve(RunningNode node, Reload reload, Succession succession) {
    running = new Running(node, reload, succession);
  }

  Routes routes() {
    return Routes.builder()
        .server(ExitMain.SERVER)
        .get("/v1/status", request -> ask(this::status))
        .get(
            "/v1/clients",
            request -> listing(request, (now, limit) -> now.engine().view().clients(limit)))
        .get("/v1/classes", request -> ask(ControlRoutes::classes))
        .get("/v1/peers", request -> ask(now -> now.node.engine().view().peers()))
        .get(
            "/v1/flows",
            request ->
                listing(
                    request, (now, limit) -> now.engine().view().flows(limit, System.nanoTime())))
        .get("/v1/metrics", request -> metrics())
        .get("/v1/whois", this::whois)
        .post("/v1/drain", this::drain)
        .post("/v1/reload", request -> reload())
        .post("/v1/stop", request -> stop())
        .post("/v1/handover", request -> with(now -> handOver(now, request)))
        .post("/v1/restart", request -> restart())
        .build();
  }

  /** What strangers may read: the metrics. */
  Routes publicRoutes() {
    return Routes.builder().get("/metrics", request -> metrics()).build();
  }

  private CompletionStage<Response> with(Function<Running, CompletionStage<Response>> answer) {
    Running now = running;
    return now == null ? error(503, "the exit node is starting") : answer.apply(now);
  }

  private static CompletionStage<Response> error(int status, String message) {
    return CompletableFuture.completedFuture(Response.error(status, message));
  }

  private interface Question {
    Object answer(Running running);
  }

  private CompletionStage<Response> ask(Question question) {
    return with(
        now -> {
          Supplier<Object> onLoop = () -> question.answer(now);
          return now.node
              .loop()
              .call(onLoop)
              .thenApply(Response::json)
              .exceptionally(ControlRoutes::ended);
        });
  }

  /** The loop has ended when another process has taken over. */
  private static Response ended(Throwable failure) {
    if (failure.getCause() instanceof IllegalStateException) {
      return Response.error(503, "the exit node is ending");
    }
    throw new CompletionException(failure);
  }

  /** Hands over to who listens at the path that the request names. */
  private static CompletionStage<Response> handOver(Running now, Request request) {
    Object socket;
    try {
      socket = request.json().get("socket");
    } catch (JsonException e) {
      socket = null;
    }
    if (!(socket instanceof String path)) {
      return error(400, "say {\"socket\": PATH}");
    }
    return now.succession.begin(Path.of(path))
        ? CompletableFuture.completedFuture(Response.json(Map.of("begun", true)))
        : error(409, "it is being replaced already");
  }

  private static CompletionStage<Response> restart() {
    try {
      return CompletableFuture.completedFuture(Response.json(Map.of("pid", ProgramAgain.start())));
    } catch (IOException e) {
      return error(500, "the program cannot be started again: " + e.getMessage());
    }
  }

  private interface Listing {
    Object of(RunningNode running, int limit);
  }

  private CompletionStage<Response> listing(Request request, Listing listing) {
    String text = request.query().getOrDefault("limit", Integer.toString(DEFAULT_LIMIT));
    if (!text.matches("[1-9][0-9]{0,5}") || Integer.parseInt(text) > MAX_LIMIT) {
      return error(400, "limit must be 1 to %d, not '%s'".formatted(MAX_LIMIT, text));
    }
    int limit = Integer.parseInt(text);
    return ask(now -> listing.of(now.node, limit));
  }

  private static Object classes(Running now) {
    QueueConfig queues = now.node.engine().queues();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("outBitsPerSecond", queues.outBitsPerSecond());
    answer.put("inBitsPerSecond", queues.inBitsPerSecond());
    answer.put("classes", now.node.engine().view().classes());
    return answer;
  }

  private CompletionStage<Response> metrics() {
    return with(
        now ->
            now.node
                .loop()
                .call(
                    () -> {
                      Map<String, Object> status = status(now);
                      status.put("classes", now.node.engine().view().classes());
                      return Metrics.response(status);
                    }));
  }

  private CompletionStage<Response> whois(Request request) {
    String words = request.query().getOrDefault("tuple", "");
    try {
      OuterTuple asked = OuterTuple.parse(words);
      return with(now -> FlowSearch.of(now.node, asked, flowLog(now)));
    } catch (IllegalArgumentException e) {
      return error(400, String.valueOf(e.getMessage()));
    }
  }

  private CompletionStage<Response> drain(Request request) {
    boolean on;
    try {
      on = !Boolean.FALSE.equals(request.json().get("on"));
    } catch (JsonException e) {
      return error(400, String.valueOf(e.getMessage()));
    }
    return ask(
        now -> {
          now.node.engine().drain(on);
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("draining", on);
          answer.put("liveFlows", now.node.engine().view().liveFlows());
          return answer;
        });
  }

  private CompletionStage<Response> reload() {
    return with(
        now ->
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return Response.json(now.reload.run().json());
                  } catch (ConfigException e) {
                    return Response.error(400, String.valueOf(e.getMessage()));
                  } catch (OsException e) {
                    throw new CompletionException(e);
                  }
                },
                now.node.care()));
  }

  private CompletionStage<Response> stop() {
    stop.run();
    return CompletableFuture.completedFuture(Response.done());
  }

  private static String flowLog(Running now) {
    Path file = now.reload.inForce().flowLog().file();
    return file == null ? "" : file.toAbsolutePath().toString();
  }

  private Map<String, Object> status(Running now) {
    ExitConfig config = now.reload.inForce();
    RunningNode node = now.node;
    EngineView view = node.engine().view();
    FlowLog log = node.flowLog();
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("ready", true);
    status.put("uptimeMs", (System.nanoTime() - node.sinceNs()) / 1_000_000);
    status.put("pid", ProcessHandle.current().pid());
    status.put("port", node.port().localPort());
    status.put("mtu", config.mtu());
    status.put("open", config.open());
    status.put("allowed", config.allowed().stream().map(Object::toString).toList());
    status.put("keys", node.engine().keyring().size());
    status.put("peers", view.peerStates(System.nanoTime()));
    status.put("allowedDestinations", config.opened().stream().map(Object::toString).toList());
    status.put("draining", view.isDraining());
    status.put("liveFlows", view.liveFlows());
    status.put("engine", view.info());
    status.putAll(node.side().report());
    status.put("udpPort", node.port().counters().snapshot());
    status.put("loopFailures", node.loop().failures());
    status.put("flowLog", flowLog(now));
    status.put("flowLogWritten", log == null ? 0 : log.written());
    status.put("flowLogLost", log == null ? 0 : log.lost());
    return status;
  }
}
