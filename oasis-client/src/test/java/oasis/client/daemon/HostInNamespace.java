// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import oasis.io.LinuxTun;
import oasis.io.TunPort;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;

/**
 * A host with a TUN device in a network namespace of its own, and a neighbour in another one: the
 * host is 192.0.2.1, the neighbour 192.0.2.2 and its default gateway.
 */
final class HostInNamespace implements AutoCloseable {
  static final String NEIGHBOUR = "192.0.2.2";

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
        String address = one.equals(host) ? "192.0.2.1/24" : NEIGHBOUR + "/24";
        outside.check("ip", "-n", one, "addr", "add", address, "dev", "eth0");
        outside.check("ip", "-n", one, "link", "set", "eth0", "up");
      }
      runner.check("ip", "route", "add", "default", "via", NEIGHBOUR);
      tun = Netns.in(host, () -> LinuxTun.open("oas0", 1400));
    } catch (Exception e) {
      removeNamespaces();
      throw e;
    }
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
