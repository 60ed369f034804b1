// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.LinkedHashMap;
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

  /** Reloads; the answer counts what is in force then. */
  CompletionStage<Response> run() {
    return changes
        .waiting(
            () -> {
              file.read(this::keptOrFetched);
              return Response.done();
            })
        .thenCompose(
            answer ->
                answer.ok()
                    ? changes.inTurn(this::apply)
                    : CompletableFuture.completedFuture(answer));
  }

  /** Reloads because of a signal: the log has the outcome. */
  void onSignal() {
    Logger log = LoggerFactory.getLogger(Reload.class);
    run()
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

  private Overlay keptOrFetched(String name, String url) throws ConfigException {
    Overlay overlay = kept.of(name, url);
    if (!overlay.entries().isEmpty()) {
      return overlay;
    }
    Overlay fetched = fetcher.of(name, url);
    try {
      kept.keep(fetched);
    } catch (OsException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
    return fetched;
  }

  /** Reads again: other changes may have been saved while servers were waited for. */
  private Response apply() throws ConfigException, OsException {
    LiveConfig next = configurator.current().reloaded(file.read());
    configurator.reload(next);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("overlays", next.all().overlays().size());
    answer.put("rules", next.all().rules().size());
    return Response.json(answer);
  }
}
