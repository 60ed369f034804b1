// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import oasis.emulator.Launcher;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.Probe;
import oasis.experiments.measure.Processes;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import org.jspecify.annotations.Nullable;

/**
 * Attacks one exit node by sockets while the friend's flow goes on, captures what leaves the exit
 * node, and judges it afterwards.
 */
final class SocketRun {
  private static final int WARM_UP_SECONDS = 2;
  private static final double KIB_PER_MIB = 1024;

  /** How long the attack is on before the friend's flow begins: under fire, too. */
  private static final long LEAD_MS = 500;

  private final Subject subject;
  private final Plan plan;
  private final HostileNetwork network;
  private final Path directory;
  private final Oracle oracle;
  private final Judge judge;
  private final List<Watch> watches = new ArrayList<>();

  private SocketRun(Subject subject, Plan plan, HostileNetwork network, Path directory) {
    this.subject = subject;
    this.plan = plan;
    this.network = network;
    this.directory = directory;
    oracle = new Oracle(new Policy(HostileNetwork.OWN), Sender.all(), subject.kernel());
    judge = new Judge(oracle, subject.keyed());
  }

  /** What is known when the attack is over. */
  private record Fire(Flood flood, Probe friend, long friendPackets, double rssHalfMib) {}

  /** Runs it in a network of its own. */
  static OverSockets of(Subject subject, Plan plan, Path directory, Launcher launcher)
      throws OsException, IOException {
    String now = Machine.now();
    try (HostileNetwork network = HostileNetwork.start(directory, launcher, subject, plan.seed())) {
      return new SocketRun(subject, plan, network, directory).run(now);
    }
  }

  private OverSockets run(String now) throws OsException, IOException {
    network.friend().udp(true, Plan.FRIEND_MBITS, WARM_UP_SECONDS);
    Undisturbed watch =
        new Undisturbed(
            network.namespaces(),
            List.of(network.node("friend").namespace()),
            List.of(network.node("exit").namespace()),
            lost -> Undisturbed.Effort.LEAST);
    try {
      startWatches();
      long before = arrived();
      Watched<Fire> watched = watch.measure(this::fire);
      Fire fire = watched.result();
      long arrived = arrived() - before - fire.friendPackets();
      double end = memoryMib("VmRSS");
      double most = memoryMib("VmHWM");
      Map<String, @Nullable Object> status = network.status();
      canaries();
      boolean complete = stopWatches();
      boolean alive = alive();
      for (Watch one : watches) {
        one.show(look(one));
      }
      Flood flood = fire.flood();
      long sent = flood.sent() - flood.refused();
      if (arrived >= sent) {
        judge.everyOriginalArrived();
      }
      if (judge.forbidden() == 0) {
        for (Watch one : watches) {
          one.forget();
        }
      }
      return new OverSockets(
          subject,
          now,
          watched.span(),
          flood.kinds(),
          sent,
          flood.seconds(),
          arrived,
          oracle.allowed(),
          oracle.explained(),
          judge.toClients(),
          judge.forbidden(),
          judge.diverted(),
          judge.closedCanaries() + judge.unaskedCanaries(),
          complete,
          fire.friend().sentMbits(),
          fire.friend().lostPercent(),
          fire.friendPackets(),
          number(status, "loopFailures"),
          alive,
          fire.rssHalfMib(),
          end,
          most,
          number(map(status, "engine"), "flows"),
          numbers(map(map(status, "engine"), "drops")),
          judge.violations());
    } finally {
      watches.forEach(Watch::close);
    }
  }

  private void startWatches() throws OsException {
    String outside = network.ethernet(HostileNetwork.OUTSIDE);
    String inside = network.ethernet(HostileNetwork.INSIDE);
    String notFriend =
        "not (dst host %s and dst port %d)"
            .formatted(HostileNetwork.SERVER, HostileNetwork.SERVER_PORT);
    watch(HostileNetwork.OUTSIDE, "ether src " + outside + " and " + notFriend);
    watch(HostileNetwork.INSIDE, "ether src " + inside);
    watch("lo", "ip or ip6");
    if (subject.kernel()) {
      watch(HostileNetwork.TUN, notFriend);
    }
  }

  private void watch(String device, String filter) throws OsException {
    watches.add(Watch.start(network.node("exit"), device, directory, filter));
  }

  private Watch.Look look(Watch watch) {
    return switch (watch.device()) {
      case HostileNetwork.OUTSIDE -> subject.kernel() ? judge::byKernel : judge::toWorld;
      case HostileNetwork.INSIDE ->
          (b, at, length) -> judge.toClients(b, at, length, subject.kernel());
      case HostileNetwork.TUN -> judge::onTun;
      default -> judge::onLoopback;
    };
  }

  /** The attack, and the friend's flow within it. */
  private Fire fire() throws OsException {
    List<Sender> senders = Sender.all();
    Fuzzer fuzzer = new Fuzzer(plan.seed(), senders, HostileNetwork.OWN);
    String namespace = network.node("attacker").namespace();
    // Keys are made anew for each run, so any counter is fresh.
    Trailers trailers =
        subject.keyed() ? new Trailers(plan.seed(), Sender.CLIENTS, System.nanoTime()) : null;
    try (Flood flood = Flood.open(namespace, senders, fuzzer, oracle, trailers)) {
      long before = network.friendPackets();
      CompletableFuture<Void> attack = CompletableFuture.runAsync(() -> attack(flood));
      CompletableFuture<Double> half = CompletableFuture.supplyAsync(() -> halfTime(flood));
      Probe probe;
      try {
        Pause.ms(LEAD_MS);
        int seconds = (int) (plan.datagrams() / Plan.PER_SECOND - 1);
        probe = network.friend().udp(true, Plan.FRIEND_MBITS, Math.max(1, seconds));
      } finally {
        flood.enough();
      }
      join(attack);
      return new Fire(flood, probe, network.friendPackets() - before, join(half));
    } catch (IOException e) {
      throw new OsException("the attack: " + e.getMessage(), e);
    }
  }

  private void attack(Flood flood) {
    try {
      flood.run(plan.datagrams(), Plan.PER_SECOND);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private double halfTime(Flood flood) {
    try {
      while (flood.sent() < plan.datagrams() / 2) {
        Pause.ms(20);
      }
      return memoryMib("VmRSS");
    } catch (OsException e) {
      throw new CompletionException(e);
    }
  }

  private static <T> T join(CompletableFuture<T> future) throws OsException {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw new OsException("the attack: " + e.getCause(), e);
    }
  }

  private double memoryMib(String key) {
    return Processes.memoryKib(List.of((int) network.exit().pid()), key) / KIB_PER_MIB;
  }

  private long arrived() throws IOException {
    return number(map(network.status(), "udpPort"), "inPkts");
  }

  /** Sends past the exit node what must not leave, to see whether it would be noticed. */
  private void canaries() throws OsException {
    try {
      Netns.in(
          network.node("exit").namespace(),
          () -> {
            try (DatagramSocket socket = new DatagramSocket()) {
              for (int i = 0; i < Plan.CANARIES; i++) {
                canary(socket, Judge.CLOSED_CANARY);
                canary(socket, Judge.UNASKED_CANARY);
              }
            }
            return true;
          });
    } catch (Exception e) {
      throw new OsException("the packets past the exit node: " + e.getMessage(), e);
    }
  }

  private static void canary(DatagramSocket socket, String to) throws IOException {
    byte[] data = "sent on purpose".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    socket.send(
        new DatagramPacket(data, data.length, InetAddress.getByName(to), Judge.CANARY_PORT));
  }

  private boolean stopWatches() throws OsException {
    boolean complete = true;
    for (Watch one : watches) {
      complete &= one.complete();
    }
    return complete;
  }

  /** Whether a new flow of the friend is served. */
  private boolean alive() throws OsException {
    String namespace = network.node("friend").namespace();
    List<String> ping = List.of("ping", "-c", "5", "-i", "0.2", "-W", "1", HostileNetwork.SERVER);
    return LinuxCommandRunner.inNamespace(namespace).run(ping, "").ok();
  }

  private static Map<?, ?> map(Map<?, ?> of, String name) {
    return of.get(name) instanceof Map<?, ?> map ? map : Map.of();
  }

  private static long number(Map<?, ?> of, String name) throws IOException {
    if (of.get(name) instanceof Number number) {
      return number.longValue();
    }
    throw new IOException("the exit node does not say \"" + name + "\"");
  }

  private static Map<String, Long> numbers(Map<?, ?> of) {
    Map<String, Long> numbers = new TreeMap<>();
    of.forEach(
        (name, value) -> {
          if (value instanceof Number number) {
            numbers.put(String.valueOf(name), number.longValue());
          }
        });
    return numbers;
  }
}
