// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.rules.RuleSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings engine, kernel and file from one configuration to the next, all or nothing. The engine
 * learns what is new before the kernel diverts anything for it, and forgets what is gone only after
 * the kernel has stopped. Confined to one thread, which may wait for the data loop.
 */
final class Configurator {
  private static final Logger LOG = LoggerFactory.getLogger(Configurator.class);
  private static final int LOOP_SECONDS = 5;

  private final DataLoop loop;
  private final Carriers carriers;
  private final ClientNetwork network;
  private final ConfigFile file;
  private ClientNetworkConfig networkConfig;
  private volatile LiveConfig current = LiveConfig.saved(ClientConfig.EMPTY);

  /** Something that follows the state of the host. */
  @FunctionalInterface
  interface Upkeep {
    void run() throws OsException;
  }

  Configurator(
      DataLoop loop,
      Carriers carriers,
      ClientNetwork network,
      ClientNetworkConfig networkConfig,
      ConfigFile file) {
    this.loop = loop;
    this.carriers = carriers;
    this.network = network;
    this.networkConfig = networkConfig;
    this.file = file;
  }

  /** What is in force; any thread. */
  LiveConfig current() {
    return current;
  }

  /** Puts the first configuration in force; what the file holds is not written again. */
  void begin(LiveConfig first) throws OsException {
    RuleSet rules = RuleSet.compile(first.all().rules());
    toLoop(first, rules);
    network.apply(networkConfig.withRules(rules));
    networkConfig = networkConfig.withRules(rules);
    current = first;
  }

  /**
   * Goes on to another configuration.
   *
   * @throws OsException when kernel or disk refuse; nothing has changed then
   */
  void change(LiveConfig next) throws OsException {
    LiveConfig before = current;
    RuleSet rules = RuleSet.compile(next.all().rules());
    RuleSet rulesBefore = networkConfig.rules();
    boolean grows =
        next.all().rules().size() > before.all().rules().size()
            || next.all().overlays().size() > before.all().overlays().size();
    boolean rulesChange = !next.all().rules().equals(before.all().rules());
    try {
      if (grows) {
        toLoop(next, rules);
      }
      if (rulesChange) {
        network.apply(networkConfig.withRules(rules));
      }
      if (!next.toSave().equals(before.toSave())) {
        save(next);
      }
    } catch (OsException e) {
      restore(before, rulesBefore, grows, rulesChange, e);
      throw e;
    }
    networkConfig = networkConfig.withRules(rules);
    current = next;
    if (!grows) {
      toLoop(next, rules);
    }
  }

  /**
   * Opens sockets that could not be opened yet or that the host's move to another network has left
   * behind, and applies the kernel's part again when something else on the host has damaged it.
   * Called every few seconds.
   *
   * @param first what else has to follow the host, before that
   */
  void maintain(Upkeep first) {
    try {
      first.run();
      for (Overlay overlay : onLoop(carriers::stale)) {
        reopen(overlay);
      }
      if (!network.intact()) {
        network.apply(networkConfig);
        LOG.warn("the client's state in the kernel was damaged; it is as it was");
      }
    } catch (OsException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  private void reopen(Overlay overlay) throws OsException {
    Carriers.Socket socket;
    try {
      socket = carriers.open(overlay);
    } catch (OsException e) {
      LOG.debug("overlay {}: {}", overlay.name(), e.getMessage());
      return;
    }
    onLoop(
        () -> {
          carriers.attach(overlay.name(), socket);
          return true;
        });
  }

  private void save(LiveConfig config) throws OsException {
    try {
      file.write(config.toSave());
    } catch (IOException e) {
      throw new OsException("the configuration cannot be saved: " + e.getMessage(), e);
    }
  }

  private void restore(
      LiveConfig before, RuleSet rules, boolean grew, boolean rulesChanged, OsException why) {
    try {
      if (rulesChanged) {
        network.apply(networkConfig.withRules(rules));
      }
      if (grew) {
        toLoop(before, rules);
      }
    } catch (OsException e) {
      why.addSuppressed(e);
    }
  }

  private void toLoop(LiveConfig config, RuleSet rules) throws OsException {
    Set<String> known =
        current.all().overlays().stream().map(Overlay::name).collect(Collectors.toSet());
    Map<String, Carriers.Socket> opened = new HashMap<>();
    for (Overlay overlay : config.all().overlays()) {
      if (!known.contains(overlay.name())) {
        try {
          opened.put(overlay.name(), carriers.open(overlay));
        } catch (OsException e) {
          // A host that starts without a network must have a client all the same.
          LOG.warn("overlay {}: {}; tried again", overlay.name(), e.getMessage());
        }
      }
    }
    onLoop(
        () -> {
          carriers.apply(config.all(), rules, opened, System.nanoTime());
          return true;
        });
  }

  private <T> T onLoop(Supplier<T> command) throws OsException {
    try {
      return loop.call(command).get(LOOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (ExecutionException e) {
      throw new OsException("the engine refused the configuration: " + e.getCause(), e);
    } catch (TimeoutException e) {
      throw new OsException("the data loop does not answer", e);
    }
  }
}
