// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.RuleHits;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.rules.Rule;
import oasis.rules.RuleLimitException;
import oasis.rules.RuleSet;
import org.jspecify.annotations.Nullable;
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
  private static final long LEAST_PAUSE_NS = 1_000_000_000L;
  private static final long MOST_PAUSE_NS = 64_000_000_000L;

  private final DataLoop loop;
  private final Carriers carriers;
  private final HostSide network;
  private final ConfigFile file;
  private ClientNetworkConfig networkConfig;
  private long mendPauseNs = LEAST_PAUSE_NS;
  private long mendedNs = System.nanoTime() - LEAST_PAUSE_NS;

  /** Entry nodes that the engine knows. */
  private Set<Carriers.Entry> known = Set.of();

  private volatile Map<Rule, RuleHits> hits = Map.of();
  private volatile LiveConfig current = LiveConfig.saved(ClientConfig.EMPTY);

  /** Something that follows the state of the host. */
  @FunctionalInterface
  interface Upkeep {
    void run() throws OsException;
  }

  Configurator(
      DataLoop loop,
      Carriers carriers,
      HostSide network,
      ClientNetworkConfig networkConfig,
      ConfigFile file) {
    this.loop = loop;
    this.carriers = carriers;
    this.network = network;
    this.networkConfig = networkConfig;
    this.file = file;
  }

  /** Work of many turns: one that fails does not take the next ones with it. */
  static Runnable lasting(Runnable turn) {
    return () -> {
      try {
        turn.run();
      } catch (RuntimeException | Error e) { // else an executor never calls it again
        LOG.error("upkeep failed; its next turn comes", e);
      }
    };
  }

  /** What is in force; any thread. */
  LiveConfig current() {
    return current;
  }

  /** What counts for each rule, enabled or not; any thread, but only the data loop may read it. */
  Collection<RuleHits> hits() {
    return hits.values();
  }

  private static RuleSet compile(ClientConfig config, RuleSet before) {
    return RuleSet.compile(config.activeRules(), before, config.options().names());
  }

  /** The compiled rules that are those of a configuration: 100,000 take a second to compile. */
  private static @Nullable RuleSet known(ClientConfig config, RuleSet... compiled) {
    List<Rule> rules = config.activeRules();
    for (RuleSet set : compiled) {
      if (set.rules().equals(rules)) {
        return set;
      }
    }
    return null;
  }

  /** The rules of before and after, of which the engine knows both for a moment. */
  private static RuleSet together(ClientConfig both, RuleSet after, RuleSet before)
      throws OsException {
    RuleSet known = known(both, after, before);
    if (known != null) {
      return known;
    }
    try {
      return RuleSet.together(both.activeRules(), after);
    } catch (RuleLimitException e) {
      throw new OsException(
          "too many rules change at once: those before and those after do not fit together; change"
              + " them in two steps, or restart the client",
          e);
    }
  }

  /** Puts the first configuration in force; what the file holds is not written again. */
  void begin(LiveConfig first) throws OsException {
    RuleSet rules = compile(first.all(), RuleSet.EMPTY);
    toLoop(first.all(), rules);
    network.apply(networkConfig.withRules(rules));
    networkConfig = networkConfig.withRules(rules);
    current = first;
  }

  /**
   * Goes on to another configuration, however different. Meanwhile the engine knows both: what is
   * new before the kernel diverts anything for it, what is gone until the kernel has stopped.
   *
   * @throws OsException when kernel or disk refuse; nothing has changed then
   */
  void change(LiveConfig next) throws OsException {
    change(next, true);
  }

  /** Goes on to what the file holds already; like {@link #change}. */
  void reload(LiveConfig next) throws OsException {
    change(next, false);
  }

  private void change(LiveConfig next, boolean save) throws OsException {
    LiveConfig before = current;
    ClientConfig both = before.all().unitedWith(next.all());
    if (Carriers.entriesOf(both).size() >= ClientEngine.MAX_CARRIERS) {
      throw new OsException("too many entry nodes change at once");
    }
    RuleSet rulesBefore = networkConfig.rules();
    RuleSet same = known(next.all(), rulesBefore);
    RuleSet rules = same == null ? compile(next.all(), rulesBefore) : same;
    boolean grows = !both.equals(before.all());
    boolean rulesChange = !rules.rules().equals(rulesBefore.rules());
    try {
      if (grows) {
        toLoop(both, together(both, rules, rulesBefore));
      }
      if (rulesChange) {
        network.apply(networkConfig.withRules(rules));
      }
      if (save && !ConfigFile.same(next.toSave(), before.toSave())) {
        save(next);
      }
    } catch (OsException e) {
      restore(before, rulesBefore, grows, rulesChange, e);
      throw e;
    }
    networkConfig = networkConfig.withRules(rules);
    current = next;
    if (!both.equals(next.all())) {
      toLoop(next.all(), rules);
    }
  }

  /**
   * Opens sockets that could not be opened yet or that the host's move to another network has left
   * behind, lets all carriers be probed, and applies the kernel's part again when something else on
   * the host has damaged it. Called when the host's network has changed, and now and then.
   *
   * @param first what else has to follow the host, before that
   * @return false when it should be called again soon
   */
  boolean maintain(Upkeep first) {
    try {
      first.run();
      network.followAddresses();
      for (Carriers.Entry entry : onLoop(carriers::stale)) {
        reopen(entry);
      }
      onLoop(
          () -> {
            carriers.hostChanged(System.nanoTime());
            return true;
          });
      if (!network.groupsAreTheSame()) {
        network.apply(networkConfig);
        LOG.info("a control group of the rules has come or gone");
      }
      return mend();
    } catch (OsException e) {
      LOG.warn("{}", e.getMessage());
      return false;
    }
  }

  /** Not too often: whoever damages it again and again must not keep the host busy. */
  private boolean mend() throws OsException {
    if (network.intact()) {
      mendPauseNs = LEAST_PAUSE_NS;
      return true;
    }
    long nowNs = System.nanoTime();
    if (nowNs - mendedNs < mendPauseNs) {
      return false;
    }
    mendedNs = nowNs;
    mendPauseNs = Math.min(2 * mendPauseNs, MOST_PAUSE_NS);
    network.apply(networkConfig);
    if (network.intact()) {
      LOG.warn("the client's state in the kernel was damaged; it is as it was");
      mendPauseNs = LEAST_PAUSE_NS;
      return true;
    }
    LOG.warn("the client's state in the kernel is damaged, and mending it does not help");
    return false;
  }

  private void reopen(Carriers.Entry entry) throws OsException {
    Carriers.Socket socket;
    try {
      socket = carriers.open(entry);
    } catch (OsException e) {
      LOG.debug("overlay {}: {}", entry.overlay(), e.getMessage());
      return;
    }
    onLoop(
        () -> {
          carriers.attach(entry, socket);
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
        toLoop(before.all(), rules);
      }
    } catch (OsException e) {
      why.addSuppressed(e);
    }
  }

  private void toLoop(ClientConfig config, RuleSet rules) throws OsException {
    Set<Carriers.Entry> fresh = new LinkedHashSet<>(Carriers.entriesOf(config));
    fresh.removeAll(known);
    Map<Carriers.Entry, Carriers.Socket> opened = new HashMap<>();
    for (Carriers.Entry entry : fresh) {
      try {
        opened.put(entry, carriers.open(entry));
      } catch (OsException e) {
        // A host that starts without a network must have a client all the same.
        LOG.warn("overlay {}: {}; tried again", entry.overlay(), e.getMessage());
      }
    }
    Map<Rule, RuleHits> counted = new LinkedHashMap<>();
    for (Rule rule : config.rules()) {
      RuleHits before = hits.get(rule);
      counted.put(rule, before == null ? new RuleHits(rule) : before);
    }
    hits = Collections.unmodifiableMap(counted);
    List<RuleHits> active =
        rules.rules().stream().map(rule -> Objects.requireNonNull(counted.get(rule))).toList();
    onLoop(
        () -> {
          carriers.apply(config, rules, active, opened, System.nanoTime());
          return true;
        });
    known = Set.copyOf(Carriers.entriesOf(config));
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
