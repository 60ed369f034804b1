// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import oasis.io.config.ConfigException;
import oasis.io.control.Response;
import oasis.os.OsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts {@code client.xml} in force again after somebody has edited it: all of it is checked first,
 * then the difference is applied; with a mistake nothing changes. What the command line of this run
 * added stays. Any thread may ask.
 */
final class Reload {
  private final ConfigFile file;
  private final Configurator configurator;
  private final Changes changes;
  private final Specifications kept;
  private final Overlay.Source fetcher;

  /**
   * @param fetcher finds out what is behind the URLs that are new, and may wait for servers
   */
  Reload(
      ConfigFile file,
      Configurator configurator,
      Changes changes,
      Specifications kept,
      Overlay.Source fetcher) {
    this.file = file;
    this.configurator = configurator;
    this.changes = changes;
    this.kept = kept;
    this.fetcher = fetcher;
  }

  /**
   * Reloads; the answer counts what is in force then.
   *
   * @param patienceNs after this nobody waits for the answer any more: then nothing may change
   */
  CompletionStage<Response> run(long patienceNs) {
    long beganNs = System.nanoTime();
    List<Overlay> fetched = new ArrayList<>();
    return changes
        .waiting(
            () -> {
              file.check((name, url) -> keptOrFetched(name, url, fetched));
              return Response.done();
            })
        .thenCompose(
            answer ->
                answer.ok()
                    ? changes.inTurn(() -> apply(fetched, beganNs, patienceNs))
                    : CompletableFuture.completedFuture(answer));
  }

  /** Reloads because of a signal: the log has the outcome. */
  void onSignal() {
    Logger log = LoggerFactory.getLogger(Reload.class);
    run(Long.MAX_VALUE)
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                log.error("reload", failure);
              } else if (answer.ok()) {
                log.info("reloaded: {}", answer.text());
              } else {
                log.error("not reloaded: {}", answer.errorMessage());
              }
            });
  }

  private Overlay keptOrFetched(String name, String url, List<Overlay> fetched)
      throws ConfigException {
    Overlay overlay = kept.of(name, url);
    if (!overlay.entries().isEmpty() || isWaitedFor(overlay)) {
      return overlay;
    }
    Overlay fresh = fetcher.of(name, url);
    fetched.add(fresh);
    return fresh;
  }

  /** Whether it is in force without a specification, which is asked for now and then. */
  private boolean isWaitedFor(Overlay overlay) {
    return configurator.current().all().overlays().stream()
        .anyMatch(
            each ->
                each.entries().isEmpty()
                    && each.name().equals(overlay.name())
                    && each.url().equals(overlay.url()));
  }

  /** Reads again: other changes may have been saved while servers were waited for. */
  private Response apply(List<Overlay> fetched, long beganNs, long patienceNs)
      throws ConfigException, OsException {
    for (Overlay overlay : fetched) {
      kept.keep(overlay);
    }
    if (System.nanoTime() - beganNs > patienceNs) {
      throw new ConfigException(
          "servers took too long; nothing has changed, but the specifications are here now: reload"
              + " again");
    }
    LiveConfig next = configurator.current().reloaded(file.read());
    configurator.reload(next);
    file.accept();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("overlays", next.all().overlays().size());
    answer.put("rules", next.all().rules().size());
    return Response.json(answer);
  }
}
