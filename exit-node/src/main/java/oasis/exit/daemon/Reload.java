// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oasis.exit.engine.EngineConfig;
import oasis.io.config.ConfigException;
import oasis.os.OsException;
import oasis.packet.SharedKey;

/**
 * Reads the settings again and puts in force what can change while the node runs; flows go on. With
 * a mistake nothing changes. Confined to the thread that looks after the node, but for {@link
 * #inForce}.
 */
final class Reload {
  /** Reads the settings. */
  @FunctionalInterface
  interface Source {
    /** The settings as they are written now. */
    ExitSettings read() throws ConfigException;
  }

  /** What a reload did. */
  record Outcome(List<String> changed, List<String> needRestart, int keys) {
    /** As the control interface answers it. */
    Map<String, Object> json() {
      return Map.of("changed", changed, "needRestart", needRestart, "keys", keys);
    }

    /** In a sentence. */
    String text() {
      List<String> said = new ArrayList<>();
      said.add(
          changed.isEmpty()
              ? "no setting has changed that could be put in force"
              : "in force: " + String.join(", ", changed));
      if (!needRestart.isEmpty()) {
        said.add("in force after a restart only: " + String.join(", ", needRestart));
      }
      if (keys > 0) {
        said.add("keys: " + keys);
      }
      return String.join("; ", said);
    }
  }

  /** The settings that can change while the node runs. */
  static final Set<String> LIVE =
      Set.of(
          "allow",
          "open",
          "keys",
          "peer",
          "cap-out",
          "cap-in",
          "class",
          "allow-destination",
          "closed-ports",
          "flow-log-size",
          "flow-log-files");

  private static final int PATIENCE_SECONDS = 5;

  private final ExitSettings started;
  private final Source source;
  private final RunningNode node;
  private ExitSettings applied;
  private volatile ExitConfig inForce;

  /**
   * @param started the settings with which the node started
   */
  Reload(ExitSettings started, Source source, RunningNode node) {
    this.started = started;
    this.source = source;
    this.node = node;
    applied = started;
    inForce = started.config();
  }

  /** What is in force now; any thread. */
  ExitConfig inForce() {
    return inForce;
  }

  /**
   * Reloads.
   *
   * @throws ConfigException in one line: what is wrong, and where
   * @throws OsException when the operating system refused it; nothing has changed
   */
  Outcome run() throws ConfigException, OsException {
    ExitSettings next = source.read();
    ExitConfig config = inForce.withLive(next.config());
    EngineConfig engine = config.engine(true, 0);
    List<SharedKey> keys = keys(config);
    queues(config); // may be refused; nothing has changed then
    try {
      node.side().policy(config);
    } catch (OsException e) {
      queues(inForce);
      throw e;
    }
    onLoop(
        () -> {
          node.engine().policy(engine);
          config.members().tell(node.engine(), keys);
        });
    FlowLog log = node.flowLog();
    if (log != null) {
      log.reload(config.flowLog());
    }
    List<String> changed = next.differences(applied).stream().filter(LIVE::contains).toList();
    List<String> needRestart =
        next.differences(started).stream().filter(name -> !LIVE.contains(name)).toList();
    applied = next;
    inForce = config;
    return new Outcome(changed, needRestart, keys.size());
  }

  private void queues(ExitConfig config) throws OsException {
    onLoop(
        () -> {
          if (!config.queues().equals(node.engine().queues())) {
            node.traffic().queues(config.queues(), System.nanoTime());
          }
        });
  }

  private static List<SharedKey> keys(ExitConfig config) throws ConfigException {
    try {
      return config.members().readKeys();
    } catch (IOException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }

  private void onLoop(Runnable task) throws OsException {
    try {
      node.loop()
          .call(
              () -> {
                task.run();
                return true;
              })
          .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      throw new OsException("the node refuses it: " + cause.getMessage(), e);
    } catch (TimeoutException e) {
      throw new OsException("the data loop did not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }
}
