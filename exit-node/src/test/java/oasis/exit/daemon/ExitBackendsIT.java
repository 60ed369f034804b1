// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.io.Endpoint;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real programs through each way of carrying their packets, by both IP versions. */
@Timeout(600)
class ExitBackendsIT extends ExitLab {
  /** A way, and how the node is started for it. */
  private enum Way {
    KERNEL("kernel backend, TUN", "192.0.2.1", "--backend kernel"),
    RAW_NFT("silence by nft", "2001:db8:1::1", "--backend raw --silence nft"),
    RAW_BY_RAW_SOCKETS("send by raw sockets", "192.0.2.1", "--backend raw --send raw"),
    SLICE("silence by sockets", "192.0.2.1", "--backend auto");

    final String says;
    final String entry;
    final String options;

    Way(String says, String entry, String options) {
      this.says = says;
      this.entry = entry;
      this.options = options;
    }

    boolean raw() {
      return this != KERNEL;
    }
  }

  /** What a slice gives: of all that root may do, raw sockets only. */
  private static final List<String> ONLY_RAW_SOCKETS =
      List.of("setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all,+net_raw");

  @ParameterizedTest
  @EnumSource(Way.class)
  void programsReachTheServerAndTheExitsKernelStaysSilent(Way way) throws Exception {
    String before = kernelState();
    Process exit = start(way);
    if (way == Way.KERNEL || way == Way.RAW_NFT) {
      assertThat(run(0, "status")).contains(way.raw() ? "raw backend" : "kernel backend");
    }
    startNginx();
    start(s, "socat", "UDP6-LISTEN:7,fork,reuseaddr", "EXEC:cat");
    Process resets =
        start(
            x, "tcpdump", "-qnni", "xs", "-w", file("xs.pcap"), "-s", "128", "tcp or icmp or ip6");
    awaitTrue(() -> Files.exists(directory.resolve("xs.pcap")));
    Address entry = Address.parse(way.entry);
    try (TunnelClient client = client(new Endpoint(entry.hi(), entry.lo(), PORT))) {
      client.assertKeepAlive();
      programs(SERVER, "http://" + SERVER, EXIT_OUTSIDE);
      programs(SERVER6, "http://[" + SERVER6 + "]", EXIT_OUTSIDE6);
      // A datagram larger than the MTU: fragments both ways.
      assertThat(in(c, "ping", "-c", "1", "-s", "3000", "-W", "20", SERVER)).contains(" 0% packet");
    }
    assertThat(ask("/v1/flows")).contains(SERVER + ":80", "[" + SERVER6 + "]:80", "icmp6");
    assertThat(counter("OutRsts")).as("resets of the exit's kernel").isZero();
    resets.destroy();
    resets.waitFor();
    String rst =
        "(src host %s or src host %s) and (tcp[tcpflags] & tcp-rst != 0 or ip6[6:1] == 6 and ip6[53] & 4 != 0)"
            .formatted(EXIT_OUTSIDE, EXIT_OUTSIDE6);
    assertThat(in(x, "tcpdump", "-qnnr", file("xs.pcap"), rst)).isEmpty();
    assertThat(in(x, "tcpdump", "-qnnr", file("xs.pcap"), "tcp port 80"))
        .as("the capture saw the connections")
        .contains(EXIT_OUTSIDE, EXIT_OUTSIDE6);
    stop(exit);
    assertThat(kernelState()).isEqualTo(before);
    assertThat(Files.readString(directory.resolve("flows.log")))
        .contains(
            "\"destination\":\"" + SERVER + ":80\"",
            "\"destination\":\"[" + SERVER6 + "]:80\"",
            "\"end\":\"closed\"")
        .containsPattern(
            "\"source\":\"10.9.8.7:[0-9]+\",\"mapped\":\""
                + (way.raw() ? EXIT_OUTSIDE + ":61[0-9]{3}\"" : "100\\.[0-9.]+\""));
  }

  @Test
  void theRawBackendFollowsItsHostAndLeavesNothing() throws Exception {
    startNginx();
    Process exit = startExit("--allow", "192.0.2.0/24", "--backend", "raw");
    assertThat(in(x, "sysctl", "-n", "net.ipv4.ip_local_reserved_ports"))
        .isEqualTo("61000-64999\n");
    in(x, "ip", "address", "delete", "203.0.113.1/24", "dev", "xs");
    in(x, "ip", "address", "add", "203.0.113.3/24", "dev", "xs");
    in(x, "ip", "route", "replace", "default", "via", SERVER);
    awaitTrue(() -> ask("/v1/status").contains("203.0.113.3"));
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      assertThat(in(c, "curl", "-sS", "-m", "20", "http://" + SERVER + "/who"))
          .isEqualTo("203.0.113.3\n");
    }
    in(x, "ip", "link", "add", "later", "type", "veth", "peer", "name", "never");
    awaitTrue(() -> in(x, "nft", "list", "ruleset").contains("later"));
    ProcessHandle.of((long) number(status(), "pid"))
        .orElseThrow()
        .children()
        .filter(child -> child.info().command().orElse("").endsWith("nft"))
        .forEach(ProcessHandle::destroyForcibly);
    awaitTrue(() -> in(x, "nft", "list", "tables").isEmpty());
    awaitTrue(() -> in(x, "nft", "list", "tables").contains("oasis_exit"));
    kill(exit);
    awaitTrue(() -> in(x, "nft", "list", "tables").isEmpty());
    assertThat(run(0, "cleanup")).contains("freed the reserved ports 61000-64999");
    assertThat(in(x, "sysctl", "-n", "net.ipv4.ip_local_reserved_ports")).isEqualTo("\n");
  }

  @Test
  void clientsAreSpreadOverTheAddressesAndEachKeepsToItsOwn() throws Exception {
    String other = "203.0.113.3";
    in(x, "ip", "address", "add", other + "/24", "dev", "xs");
    startNginx();
    startExit(
        "--allow",
        "192.0.2.0/24",
        "--backend",
        "raw",
        "--address",
        EXIT_OUTSIDE,
        "--address",
        other);
    try (TunnelClient one = client();
        TunnelClient two = new TunnelClient(c, "oast1", Endpoint.ipv4(192, 0, 2, 1, PORT))) {
      one.assertKeepAlive();
      two.assertKeepAlive();
      in(c, "ip", "address", "add", "10.9.8.8/32", "dev", "oast1");
      in(c, "ip", "link", "set", "oast1", "up");
      in(c, "ip", "route", "add", SERVER, "dev", "oast1", "metric", "500");
      for (int i = 0; i < 3; i++) {
        assertThat(who("oast0")).isEqualTo(EXIT_OUTSIDE);
        assertThat(who("oast1")).isEqualTo(other);
      }
    }
  }

  private String who(String device) throws Exception {
    String url = "http://" + SERVER + "/who";
    return in(c, "curl", "-sS", "-m", "20", "--interface", device, url).strip();
  }

  private Process start(Way way) throws Exception {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--allow", "192.0.2.0/24,2001:db8:1::/64", "--allow-destination", "2001:db8::/32"));
    options.addAll(List.of("--ports", "61000-61999", "--flow-log", file("flows.log")));
    options.addAll(List.of(way.options.split(" ", -1)));
    String[] words = options.toArray(String[]::new);
    Process exit = startExitAs(way == Way.SLICE ? ONLY_RAW_SOCKETS : List.of(), words);
    assertThat(ready).contains(way.says);
    if (way == Way.SLICE) {
      assertThat(Files.readAllLines(Path.of("/proc/" + exit.pid() + "/status")))
          .as("of all capabilities it has CAP_NET_RAW alone")
          .anyMatch(line -> line.matches("CapEff:\\s*0*2000"));
    }
    return exit;
  }

  private void programs(String server, String url, String outside) throws Exception {
    assertThat(in(c, "ping", "-c", "2", "-i", "0.2", "-W", "20", server)).contains(" 0% packet");
    assertThat(in(c, "curl", "-sS", "-m", "20", url + "/who"))
        .as("the address that the server saw")
        .isEqualTo(outside + "\n");
    in(c, "curl", "-sS", "-m", "60", "-o", file("big"), url + "/big");
    assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/big")))
        .isEqualTo(-1);
    in(c, "curl", "-sS", "-m", "60", "-T", file("big"), url + "/up");
    assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/up"))).isEqualTo(-1);
    String peer = server.contains(":") ? "UDP6:[" + server + "]:7" : "UDP4:" + server + ":7";
    // It waits for a second: an echo that takes longer on a busy machine is asked for again.
    awaitTrue(() -> host.check(ns(c, "socat", "-t", "1", "-", peer), "hello\n").equals("hello\n"));
    assertThat(host.run(ns(c, "dig", "+tries=1", "+time=20", "@" + server, "x.example"), "").out())
        .as("nobody listens at port 53, and the ICMP error says so")
        .contains("connection refused");
    String pool = server.contains(":") ? "fd6f:6173:6973::1" : "100.64.0.1";
    assertThat(host.run(ns(c, "ping", "-c", "1", "-t", "1", "-W", "20", server), "").out())
        .as("the exit node as a hop")
        .containsPattern("From " + pool + ".*(Time to live exceeded|Time exceeded: Hop limit)");
    assertThat(host.run(ns(c, "curl", "-sS", "-m", "20", url + ":81/"), "").status())
        .as("the server's own reset arrives at once")
        .isEqualTo(7);
  }

  /** A TCP counter of the exit's kernel. */
  private long counter(String name) throws Exception {
    List<String> lines =
        in(x, "cat", "/proc/net/snmp").lines().filter(line -> line.startsWith("Tcp:")).toList();
    int at = Arrays.asList(lines.get(0).split(" ", -1)).indexOf(name);
    return Long.parseLong(lines.get(1).split(" ", -1)[at]);
  }
}
