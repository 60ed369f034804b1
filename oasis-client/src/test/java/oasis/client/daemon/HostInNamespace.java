// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.io.LinuxTun;
import oasis.io.TunPort;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import oasis.os.linux.Sys;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;

/**
 * A host with a TUN device in a network namespace of its own, and a neighbour in another one: the
 * host is 192.0.2.1 and 2001:db8::1, the neighbour 192.0.2.2 and 2001:db8::2 and its default
 * gateway.
 */
final class HostInNamespace implements AutoCloseable {
  static final String HOST = "192.0.2.1";
  static final String NEIGHBOUR = "192.0.2.2";
  static final String HOST6 = "2001:db8::1";
  static final String NEIGHBOUR6 = "2001:db8::2";

  /** OC0's addresses, which are the host's. */
  static final List<Address> OWN = List.of(Address.parse(HOST), Address.parse(HOST6));

  /** How long the device has to be silent until nothing more is expected. */
  static final int SILENCE_MS = 250;

  /** What takes longer was not refused. */
  static final int FAILS_AT_ONCE_MS = 1_000;

  private static final long POLL_MS = 5;

  final String host;
  final String neighbour;
  final CommandRunner runner;
  final LinuxTun tun;
  private final CommandRunner outside = new LinuxCommandRunner();

  HostInNamespace(String name) throws Exception {
    host = "oas-rules-" + ProcessHandle.current().pid() + "-" + name;
    neighbour = host + "n";
    try {
      Netns.create(outside, host);
      Netns.create(outside, neighbour);
      runner = LinuxCommandRunner.inNamespace(host);
      outside.check(
          "ip", "-n", host, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
          neighbour);
      for (String one : List.of(host, neighbour)) {
        String address = one.equals(host) ? HOST : NEIGHBOUR;
        String address6 = one.equals(host) ? HOST6 : NEIGHBOUR6;
        outside.check("ip", "-n", one, "addr", "add", address + "/24", "dev", "eth0");
        outside.check("ip", "-n", one, "addr", "add", address6 + "/64", "dev", "eth0", "nodad");
        outside.check("ip", "-n", one, "link", "set", "eth0", "up");
      }
      runner.check("ip", "route", "add", "default", "via", NEIGHBOUR);
      runner.check("ip", "-6", "route", "add", "default", "via", NEIGHBOUR6);
      tun = Netns.in(host, () -> LinuxTun.open("oas0", 1400));
    } catch (Exception e) {
      removeNamespaces();
      throw e;
    }
  }

  /** Skips the tests, with the reason, where this cannot be made. */
  static void assumePossible() throws IOException {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)
            && Files.exists(Path.of("/dev/net/tun")),
        "needs root and /dev/net/tun");
  }

  /** The default configuration with these rules. */
  static ClientNetworkConfig config(String... texts) throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (String text : texts) {
      rules.add(Rule.parse(text));
    }
    return ClientNetworkConfig.defaults(1400, RuleSet.compile(rules));
  }

  static InetAddress address(String text) throws IOException {
    return InetAddress.getByName(text);
  }

  /** Sends a datagram from the host. */
  void sendUdp(String address, int port) throws Exception {
    Netns.in(
        host,
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(
                new DatagramPacket(
                    new byte[10], 10, new InetSocketAddress(address(address), port)));
          }
          return true;
        });
  }

  /** Opens a TCP connection from a namespace and closes it. */
  static void connect(String namespace, String address, int port) throws Exception {
    Netns.in(
        namespace,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address(address), port), FAILS_AT_ONCE_MS);
          }
          return true;
        });
  }

  /** Flows of the packets that come out of the TUN device until it is silent for so long. */
  List<String> diverted(long silenceMs) throws InterruptedException {
    List<String> flows = new ArrayList<>();
    Burst burst = new Burst();
    FlowKey key = new FlowKey();
    long silentSince = System.nanoTime();
    while (System.nanoTime() - silentSince < silenceMs * 1_000_000) {
      int result = tun.read(burst, 0);
      if (result == TunPort.NOTHING) {
        Thread.sleep(POLL_MS);
        continue;
      }
      silentSince = System.nanoTime();
      if (result == TunPort.READ) {
        key.of(burst);
        flows.add(key.protocol() + " " + Addresses.text(key.dstHi, key.dstLo) + " " + key.dport());
      } else {
        flows.add("result " + result);
      }
    }
    return flows;
  }

  /** What the kernel has sent into the TUN device since it is there. */
  long sentToTun() throws OsException {
    return counter("oas0", 9);
  }

  /** Index of the host's Ethernet interface, for link-local addresses. */
  int index() throws Exception {
    return Netns.in(host, () -> Sys.ifNameToIndex("eth0"));
  }

  /** A counter of an interface: a column of /proc/net/dev behind its name, from 0. */
  private long counter(String device, int column) throws OsException {
    String line =
        runner
            .check("cat", "/proc/net/dev")
            .lines()
            .map(String::strip)
            .filter(one -> one.startsWith(device + ":"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.split("[: ]+", -1)[1 + column]);
  }

  /** Process ids in the host's namespace whose program has a name. */
  List<Long> processes(String program) throws Exception {
    List<Long> found = new ArrayList<>();
    for (String pid : outside.check("ip", "netns", "pids", host).lines().toList()) {
      ProcessHandle.of(Long.parseLong(pid.strip()))
          .filter(p -> p.info().command().orElse("").endsWith("/" + program))
          .ifPresent(p -> found.add(p.pid()));
    }
    return found;
  }

  private void removeNamespaces() throws OsException {
    Netns.delete(outside, host);
    Netns.delete(outside, neighbour);
  }

  @Override
  public void close() throws OsException {
    tun.close();
    removeNamespaces();
  }
}
