// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
import oasis.io.control.JsonException;
import oasis.io.control.Request;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joining, upgrading and leaving overlays while the client runs. Specifications are fetched on a
 * thread that may wait; what they change is changed in turn. Any thread may ask.
 */
final class OverlayApi {
  private static final String OVERLAYS = "/v1/overlays";

  /** After this, nobody waits for the answer any more: then nothing may change. */
  static final long PATIENCE_NS = 9_000_000_000L;

  private final Changes changes;
  private final Specifications kept;
  private final Overlay.Source fetcher;

  /** Names of overlays whose specification could not be fetched, and the log says so. */
  private final Set<String> warned = ConcurrentHashMap.newKeySet();

  /**
   * @param kept the specifications that outlive this run
   * @param fetcher finds out what is behind a URL, and may wait for servers
   */
  OverlayApi(Changes changes, Specifications kept, Overlay.Source fetcher) {
    this.changes = changes;
    this.kept = kept;
    this.fetcher = fetcher;
  }

  Routes.Builder addTo(Routes.Builder routes) {
    return routes
        .get(OVERLAYS, request -> CompletableFuture.completedFuture(Response.json(list())))
        .post(OVERLAYS, this::add)
        .post(OVERLAYS + "/*", request -> update(name(request)))
        .delete(OVERLAYS + "/*", request -> remove(name(request)));
  }

  private static String name(Request request) {
    return request.path().substring(OVERLAYS.length() + 1);
  }

  private List<Map<String, @Nullable Object>> list() {
    LiveConfig config = changes.current();
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    for (Overlay overlay : config.all().overlays()) {
      Map<String, @Nullable Object> one = new LinkedHashMap<>();
      one.put("name", overlay.name());
      one.put("url", overlay.url());
      one.put("version", overlay.version() == 0 ? null : overlay.version());
      one.put("entries", overlay.entries().stream().map(Endpoint::text).toList());
      one.put("mtu", overlay.mtu());
      one.put("key", overlay.key());
      one.put("saved", config.isSaved(overlay));
      list.add(one);
    }
    return list;
  }

  private CompletionStage<Response> add(Request request) throws JsonException {
    Map<String, @Nullable Object> body = request.json();
    String name = ControlApi.text(body, "name");
    String url = ControlApi.text(body, "url");
    String key = body.get("key") == null ? null : ControlApi.text(body, "key");
    return found(
        () -> keyed(fetcher.of(name, url), key),
        overlay -> {
          LiveConfig next = changes.current().with(overlay, true);
          keepAndChange(overlay, null, next);
          return Response.done();
        });
  }

  private static Overlay keyed(Overlay overlay, @Nullable String key) throws ConfigException {
    Overlay keyed = overlay.withKey(key);
    try {
      if (key != null) {
        Seals.read(key);
      }
    } catch (OsException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
    return keyed;
  }

  private CompletionStage<Response> remove(String name) {
    return changes.inTurn(
        () -> {
          Overlay overlay = changes.current().all().overlay(name);
          changes.now(changes.current().withoutOverlay(name));
          kept.forget(overlay);
          return Response.done();
        });
  }

  /** Fetches the specification again; a higher version takes the place of the one in force. */
  private CompletionStage<Response> update(String name) {
    return found(() -> fetched(name), this::upgrade);
  }

  private Overlay fetched(String name) throws ConfigException {
    Overlay now = changes.current().all().overlay(name);
    String url = now.url();
    if (Overlay.specification(url).isEmpty()) {
      throw new ConfigException(
          "overlay \"" + name + "\" has no specification; remove it and add it again");
    }
    return fetcher.of(name, url).withKey(now.key());
  }

  private Response upgrade(Overlay fresh) throws ConfigException, OsException {
    LiveConfig config = changes.current();
    Overlay now = config.all().overlay(fresh.name());
    if (!fresh.url().equals(now.url())) {
      throw new ConfigException("overlay \"" + now.name() + "\" has another URL meanwhile");
    }
    if (fresh.version() < now.version()) {
      throw new ConfigException(
          now.url()
              + ": version "
              + fresh.version()
              + " is older than the one in force, "
              + now.version());
    }
    if (fresh.version() > now.version()) {
      LiveConfig next = config.withUpdated(fresh);
      if (config.isSaved(now)) {
        keepAndChange(fresh, now, next);
      } else {
        changes.now(next);
      }
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("name", fresh.name());
    answer.put("version", fresh.version());
    answer.put("versionBefore", now.version());
    return Response.json(answer);
  }

  /** What is kept is what is in force, also when the change is refused. */
  private void keepAndChange(Overlay fresh, @Nullable Overlay before, LiveConfig next)
      throws OsException {
    kept.keep(fresh);
    boolean done = false;
    try {
      changes.now(next);
      done = true;
    } finally {
      if (!done) {
        kept.forget(fresh);
        if (before != null) {
          kept.keep(before);
        }
      }
    }
  }

  /** Finds an overlay, and may wait for that. */
  private interface Find {
    Overlay find() throws ConfigException;
  }

  /** What happens to an overlay that was found. */
  private interface Then {
    Response go(Overlay overlay) throws ConfigException, OsException;
  }

  private CompletionStage<Response> found(Find find, Then then) {
    long beganNs = System.nanoTime();
    AtomicReference<@Nullable Overlay> found = new AtomicReference<>();
    return changes
        .waiting(
            () -> {
              Overlay overlay = find.find();
              if (System.nanoTime() - beganNs > PATIENCE_NS) {
                throw new ConfigException("it took too long; nothing has changed");
              }
              found.set(overlay);
              return Response.done();
            })
        .thenCompose(
            answer -> {
              Overlay overlay = found.get();
              return overlay == null
                  ? CompletableFuture.completedFuture(answer)
                  : changes.inTurn(() -> then.go(overlay));
            });
  }

  /**
   * Fetches the specifications that no start has found in the state directory, as when the file was
   * written by hand. Called every now and then on a thread that may wait, and nobody waits for.
   */
  void fetchUnseen() {
    for (Overlay overlay : changes.current().all().overlays()) {
      if (overlay.entries().isEmpty()) {
        String name = overlay.name();
        try {
          Overlay fresh = fetched(name);
          changes.inTurn(() -> upgrade(fresh)).thenAccept(answer -> log(name, answer));
        } catch (ConfigException e) {
          log(name, Response.error(409, String.valueOf(e.getMessage())));
        }
      }
    }
  }

  private void log(String name, Response answer) {
    Logger log = LoggerFactory.getLogger(OverlayApi.class);
    if (answer.ok()) {
      warned.remove(name);
      log.info("overlay {}: its specification is there", name);
    } else if (warned.add(name)) {
      log.warn("overlay {}: {}; tried again", name, answer.errorMessage());
    }
  }
}
