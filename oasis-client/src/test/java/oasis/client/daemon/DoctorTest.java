// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import oasis.client.daemon.Finding.Severity;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.rules.RuleSet;
import oasis.testkit.FakeCommandRunner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each finding, on a host made of files and answers. */
class DoctorTest {
  @TempDir private Path root;
  private final FakeCommandRunner runner = new FakeCommandRunner().answerAll();
  private ClientNetworkConfig config = ClientNetworkConfig.defaults(1400, RuleSet.EMPTY);

  /** A host on which nothing is wrong. */
  @BeforeEach
  void healthy() throws Exception {
    file("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
    file("proc/sys/kernel/osrelease", "6.18.5\n");
    file("proc/sys/net/ipv4/conf/all/rp_filter", "0\n");
    file("proc/sys/net/ipv4/conf/eth0/rp_filter", "2\n");
    file(
        "proc/net/tcp",
        "  sl  local_address rem_address   st\n   0: 0100007F:0016 00000000:0000 0A\n");
    file("dev/net/tun", "");
    file("etc/resolv.conf", "nameserver 192.0.2.53\n");
  }

  private void file(String path, String text) throws Exception {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private List<Finding> examine(CommandRunner commands, boolean running) {
    return new Doctor(new HostView(root, commands), config, running).examine();
  }

  private void assertFound(Severity severity, String id, String what) {
    assertThat(examine(runner, false))
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.severity()).isEqualTo(severity);
              assertThat(one.id()).isEqualTo(id);
              assertThat(one.what()).contains(what).doesNotContain("\n");
            });
  }

  @Test
  void onAHealthyHostNothingIsFound() {
    assertThat(examine(runner, false)).isEmpty();
    assertThat(examine(runner, true)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"nft, nftables", "ip, iproute2", "sysctl, procps"})
  void aMissingCommandIsNamedWithItsPackage(String command, String debianPackage) {
    CommandRunner without =
        (words, input) -> {
          if (words.get(0).equals(command)) {
            throw new OsException(command + ": not found", new java.io.IOException());
          }
          return runner.run(words, input);
        };

    assertThat(examine(without, false))
        .filteredOn(one -> one.id().equals("no-" + command))
        .singleElement()
        .satisfies(one -> assertThat(one.mend()).isEqualTo("apt-get install " + debianPackage));
  }

  @Test
  void missingRightsAreNamed() throws Exception {
    file("proc/self/status", "CapEff:\t0000000000001000\n");

    assertFound(Severity.ERROR, "no-capability", "lacks CAP_NET_RAW.");
  }

  @Test
  void aHostWithoutTunIsNamed() throws Exception {
    Files.delete(root.resolve("dev/net/tun"));

    assertFound(Severity.ERROR, "no-tun", "no /dev/net/tun");
  }

  @Test
  void aKernelThatIsTooOldIsNamed() throws Exception {
    file("proc/sys/kernel/osrelease", "5.10.0-30-amd64\n");

    assertFound(Severity.ERROR, "old-kernel", "5.10.0-30-amd64");
  }

  @Test
  void aKernelWithoutUdpBurstsIsNoted() throws Exception {
    file("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");

    assertFound(Severity.NOTE, "no-udp-bursts", "6.1.0-18-amd64");
  }

  @Test
  void aKernelThatRefusesTheRulesetIsQuoted() {
    runner.fail("nft -c -f -", 1, "\n/dev/stdin:4:1-9: Error: No such file or directory\n");

    assertFound(Severity.ERROR, "no-nftables-feature", "Error: No such file or directory");
    assertThat(examine(runner, true)).as("a running client has shown that it can").isEmpty();
  }

  @Test
  void aKernelWithoutConnectionLabelsIsWarnedOf() {
    CommandRunner without =
        (words, input) ->
            input.contains("ct label")
                ? new CommandRunner.Result(1, "", "Error: Could not process rule: Not supported\n")
                : runner.run(words, input);

    assertThat(examine(without, false))
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.severity()).isEqualTo(Severity.WARNING);
              assertThat(one.id()).isEqualTo("no-connection-labels");
              assertThat(one.what()).contains("Could not process rule: Not supported");
            });
  }

  @Test
  void strictReversePathsAreWarnedOf() throws Exception {
    file("proc/sys/net/ipv4/conf/eth0/rp_filter", "1\n");
    file("proc/sys/net/ipv4/conf/lo/rp_filter", "1\n");
    file("proc/sys/net/ipv4/conf/oas0/rp_filter", "2\n");

    assertFound(Severity.WARNING, "rp-filter", "strict on eth0:");
  }

  @Test
  void whatIsStrictForAllIsStrictForEachThatSaysNothing() throws Exception {
    file("proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
    file("proc/sys/net/ipv4/conf/eth1/rp_filter", "0\n");

    assertFound(Severity.WARNING, "rp-filter", "strict on eth1:");
  }

  @Test
  void aStrictReversePathOfOurDeviceIsAnError() throws Exception {
    file("proc/sys/net/ipv4/conf/oas0/rp_filter", "1\n");

    assertFound(Severity.ERROR, "rp-filter-tun", "strict on oas0");
  }

  @Test
  void aRouteInsideTheFakeRangeIsNamed() {
    runner.answer("ip -4 -batch -", "198.18.5.0/24 dev eth0 proto kernel scope link\n");

    assertFound(Severity.ERROR, "fake-range-collision", "198.18.0.0/16 collides with");
    config =
        new ClientNetworkConfig(
            "oas0",
            1400,
            "198.19.0.0/16",
            config.fakeRange6(),
            61_000,
            64_999,
            false,
            RuleSet.EMPTY);
    assertThat(examine(runner, false)).as("another range").isEmpty();
  }

  @Test
  void aRouteInsideTheFakeIpv6RangeIsNamed() {
    runner.answer("ip -6 -batch -", "fdc6:1200:4710::/64 dev wg0 proto static metric 1024\n");

    assertFound(Severity.ERROR, "fake-range-collision", "dev wg0");
  }

  @Test
  void routesThatCannotBeListedAreWarnedOf() {
    config = config.withoutIpv6();
    runner.fail("ip -4 -batch -", 1, "RTNETLINK answers: Operation not permitted");

    assertThat(examine(runner, false)).extracting(Finding::id).contains("routes-unknown");
  }

  @Test
  void aHostWithoutIpv6IsNoted() throws Exception {
    config = config.withoutIpv6();
    file("proc/sys/net/ipv6/conf/all/disable_ipv6", "1\n");

    assertFound(Severity.NOTE, "no-ipv6", "IPv6 is switched off");
  }

  @Test
  void whatADeadClientLeftIsNamed() {
    runner.answer("nft list tables", "table inet filter\ntable inet oasis\n");
    runner.answer("ip -4 rule show", "4710:\tfrom all fwmark 0x10000000/0x10000000 lookup 4710\n");

    assertFound(Severity.WARNING, "stale-state", "nftables table inet oasis, ip -4 rule 4710:");
    assertThat(examine(runner, true)).as("it is the living one's").isEmpty();
  }

  @Test
  void portsThatTheClientWouldTakeAreNamed() throws Exception {
    file(
        "proc/net/udp6",
        "  sl  local_address\n  1: 00000000000000000000000000000000:EE48 0:0 07\n");

    assertFound(Severity.WARNING, "ports-in-use", "use ports 61000 of the range");
  }

  @Test
  void dockerIsNoted() throws Exception {
    file("run/docker.sock", "");

    assertFound(Severity.NOTE, "docker", "containers");
  }

  @Test
  void systemdResolvedIsNotedForItsCache() throws Exception {
    file("etc/resolv.conf", "# stub\nnameserver 127.0.0.53\noptions edns0\n");

    assertFound(Severity.NOTE, "dns-cache", "systemd-resolved keeps answers");
  }

  @Test
  void systemdResolvedThatEncryptsIsAnError() throws Exception {
    file("run/systemd/resolve/stub-resolv.conf", "");
    file("etc/systemd/resolved.conf", "[Resolve]\n#DNSOverTLS=yes\n");
    assertThat(examine(runner, false)).extracting(Finding::id).containsExactly("dns-cache");

    file("etc/systemd/resolved.conf.d/tls.conf", "[Resolve]\nDNSOverTLS=opportunistic\n");

    assertThat(examine(runner, false))
        .extracting(Finding::id)
        .containsExactly("dns-over-tls", "dns-cache");
  }

  @Test
  void cachesOfThisHostAreNoted() throws Exception {
    file("etc/resolv.conf", "nameserver ::1\n");
    assertFound(Severity.NOTE, "dns-cache", "The resolver on this host keeps");
    file("etc/resolv.conf", "nameserver 192.0.2.53\n");
    file("run/nscd/socket", "");
    assertFound(Severity.NOTE, "dns-cache", "nscd keeps");
  }

  @Test
  void aHostWithoutNameServerIsWarnedOf() throws Exception {
    file("etc/resolv.conf", "search example\n");

    assertFound(Severity.WARNING, "no-name-server", "names no server");
  }

  @Test
  void aLinkLocalNameServerIsWarnedOf() throws Exception {
    file("etc/resolv.conf", "nameserver fe80::1%eth0\n");

    assertFound(Severity.WARNING, "link-local-name-server", "fe80::1%eth0");
  }

  @Test
  void aResolverBehindAnotherInterfaceIsWarnedOf() throws Exception {
    file("etc/resolv.conf", "nameserver 10.8.0.1\nnameserver 192.0.2.53\n");
    runner.answer("ip route get 192.0.2.53", "192.0.2.53 dev eth0 src 192.0.2.5 uid 0\n");
    runner.answer("ip route get 203.0.113.1", "203.0.113.1 via 192.0.2.1 src 192.0.2.5 uid 0\n");
    runner.answer("ip route get 10.8.0.1", "10.8.0.1 dev wg0 src 10.8.0.2 uid 0 \n    cache\n");

    assertFound(Severity.WARNING, "name-server-elsewhere", "The name server 10.8.0.1 ");
  }

  @Test
  void aLocalIpv6ResolverIsWarnedOfWithoutGlobalIpv6() throws Exception {
    file("etc/resolv.conf", "nameserver fd00:1::53\n");
    runner.answer("ip route get fd00:1::53", "fd00:1::53 from :: dev eth0 src fd00:1::5 uid 0\n");

    assertFound(Severity.WARNING, "name-server-elsewhere", "The name server fd00:1::53 ");
    config = config.withoutIpv6();
    assertThat(examine(runner, true))
        .extracting(Finding::id)
        .doesNotContain("name-server-elsewhere");
  }

  @Test
  void aResolverThatEncryptsIsAnError() throws Exception {
    file("proc/812/comm", "dnscrypt-proxy\n");

    assertFound(Severity.ERROR, "encrypted-dns", "dnscrypt-proxy (process 812)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          etc/chromium/policies/managed/x.json   | {"DnsOverHttpsMode": "secure"}
          etc/opt/chrome/policies/managed/x.json | {"a": 1, "DnsOverHttpsMode":"automatic"}
          etc/firefox/policies/policies.json     | {"policies": {"DNSOverHTTPS": {"Enabled": true}}}
          """)
  void aBrowsersPolicyForDnsOverHttpsIsWarnedOf(String path, String policy) throws Exception {
    file(path, policy);

    assertFound(Severity.WARNING, "dns-over-https", "/" + path);
  }

  @Test
  void aPolicyAgainstDnsOverHttpsIsFine() throws Exception {
    file("etc/chromium/policies/managed/x.json", "{\"DnsOverHttpsMode\": \"off\"}");
    file("etc/firefox/policies/policies.json", "{\"DNSOverHTTPS\": {\"Enabled\": false}}");

    assertThat(examine(runner, false)).isEmpty();
  }

  @Test
  void aRunningClientIsAskedHowItIs() {
    assertThat(
            DoctorCommand.statusFindings(
                Map.of(
                    "supervisorAlive",
                    false,
                    "carriers",
                    List.of(
                        Map.of("name", "ron", "state", "dead", "entry", "192.0.2.10:7400"),
                        Map.of("name", "web", "state", "alive")))))
        .extracting(Finding::id, Finding::severity)
        .containsExactly(
            tuple("no-supervisor", Severity.ERROR), tuple("dead-carrier", Severity.WARNING));
  }
}
