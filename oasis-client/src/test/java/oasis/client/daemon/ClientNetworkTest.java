// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import oasis.os.OsException;
import oasis.os.ReservedPorts;
import oasis.packet.Address;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import oasis.testkit.FakeCommandRunner;
import oasis.testkit.FakeNftOwner;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ClientNetworkTest {
  private final FakeCommandRunner runner = new FakeCommandRunner().answerAll();
  private final FakeNftOwner owner = new FakeNftOwner();
  private List<Address> own = List.of();
  private final ClientNetwork network = new ClientNetwork(runner, () -> owner, () -> own);

  private static ClientNetworkConfig config(String... rules) throws RuleException {
    List<Rule> all = new ArrayList<>();
    for (String rule : rules) {
      all.add(Rule.parse(rule));
    }
    return ClientNetworkConfig.defaults(1400, RuleSet.compile(all));
  }

  @Test
  void nothingIsDivertedBeforeTheRestStands() throws Exception {
    runner.fail("sysctl -q -e -w", 2, "sysctl: permission denied\n");
    assertThatThrownBy(() -> network.apply(config("any ron")))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("permission denied");
    assertThat(owner.applied()).isEmpty();
  }

  @Test
  void rulesThatAreRefusedLeaveThoseInForceAndMayBeTriedAgain() throws Exception {
    network.apply(config("any ron"));
    network.apply(config("any ron"));
    assertThat(owner.applied()).as("what keeps the device silent, and the rules").hasSize(2);
    owner.refuse("nft: no");
    assertThatThrownBy(() -> network.apply(config("tcp ron"))).hasMessage("nft: no");
    assertThat(owner.alive()).isTrue();
  }

  @Test
  void theCommandOfABatchThatFailsIsNamed() {
    FakeCommandRunner ip = new FakeCommandRunner();
    String failed = "RTNETLINK answers: Operation not permitted\nCommand failed -:2\n";
    ip.fail("ip -6 -batch -", 1, failed);
    ip.fail("ip -6 -force -batch -", 1, "Cannot find device \"x\"\nCommand failed -:1\n" + failed);
    IpBatch batch = IpBatch.ipv6().add("link", "show", "dev", "x").add("rule", "add");
    String refused = "ip -6 rule add: RTNETLINK answers: Operation not permitted";

    assertThatThrownBy(() -> batch.run(ip)).isInstanceOf(OsException.class).hasMessage(refused);
    assertThat(batch.runAll(ip))
        .containsExactly("ip -6 link show dev x: Cannot find device \"x\"", refused);
    assertThat(ip.inputs()).containsOnly("link show dev x\nrule add\n");
  }

  @Test
  void anAddressThatOc0GetsReplacesTheOthersWithoutTheRules() throws Exception {
    network.apply(config("name:*.edu ron"));
    assertThat(owner.applied().get(1))
        .contains("tcp dport 53 ip saddr @own4 ", "udp dport 53 ip6 saddr @own6 ")
        .endsWith("flush set inet oasis own4\nflush set inet oasis own6\n");
    own = List.of(Address.parse("192.0.2.7"), Address.parse("2001:db8:0:1::7"));
    network.followAddresses();
    network.followAddresses();
    assertThat(owner.applied())
        .hasSize(3)
        .last()
        .isEqualTo(
            """
            flush set inet oasis own4
            flush set inet oasis own6
            add element inet oasis own4 { 192.0.2.7 }
            add element inet oasis own6 { 2001:db8:0:1::/64 }
            """);
  }

  private static String text(ClientNetworkConfig config) {
    return ClientRuleset.text(config, ControlGroups.of(config.rules()));
  }

  @Test
  void programsAreNotedBeforeAnythingIsDecidedAndOnlyWhenSomeRuleAsks() throws Exception {
    String text = text(config("uid 1000 tcp dport 80 ron", "name:*.edu not uid 0-99 web"));
    assertThat(text)
        .contains("chain programs {\nmeta skuid { 1000 } ct label set 64\n")
        .contains("meta skuid { 0-99 } ct label set 65\nct label set 127\n}")
        .contains("ct label and 64 == 64 meta l4proto . th dport @headers0 goto capture");
    assertThat(text.indexOf("jump programs")).isLessThan(text.indexOf("udp dport 53"));
    assertThat(text(config("tcp dport 80 ron"))).doesNotContain("programs").doesNotContain("label");
  }

  @Test
  void ipv6PacketsAreNeverMarkedWhenThereIsNoIpv6() throws Exception {
    ClientNetworkConfig both = config("dst 2001:db8::/32 ron", "tcp dport 80 web");
    assertThat(text(both))
        .contains("2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
        .doesNotContain("meta nfproto ipv6 return");
    ClientNetworkConfig config = both.withoutIpv6();
    assertThat(text(config))
        .contains("meta nfproto ipv6 return")
        .doesNotContain("2001:db8::")
        .doesNotContain("meta nfproto ipv6 meta l4proto");
    network.apply(config);
    network.close();
    assertThat(runner.commands()).noneMatch(command -> command.startsWith("ip -6"));
  }

  @Test
  void aHostWithoutIpv6IsCleanedUp() throws Exception {
    runner.fail("ip -6", 1, "RTNETLINK answers: Address family not supported by protocol\n");
    assertThat(ClientNetwork.cleanUp(runner, config().withoutIpv6())).isEmpty();
    assertThatThrownBy(() -> ClientNetwork.cleanUp(runner, config()))
        .hasMessageContaining("Address family not supported");
  }

  @Test
  void onlyRulesMayChangeWhileTheClientRuns() throws Exception {
    network.apply(config());
    assertThatThrownBy(() -> network.apply(ClientNetworkConfig.defaults(1300, RuleSet.EMPTY)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void closingTwiceUndoesOnce() throws Exception {
    network.apply(config());
    network.close();
    assertThat(owner.alive()).isFalse();
    runner.clear();
    network.close();
    assertThat(runner.commands()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "198.18.0.0/15 dev eth0 proto kernel scope link | true",
        "198.18.3.4 via 192.0.2.2 dev eth0              | true",
        "local 198.18.9.9 dev eth0 table local          | true",
        "blackhole 198.18.0.0/16                        | true",
        "198.0.0.0/8 via 192.0.2.2 dev eth0             | true",
        "unreachable 198.18.0.0/16                      | true",
        "unreachable 198.18.0.0/16 metric 4294967295    | false",
        "198.18.0.0/16 dev oas0 scope link metric 1     | false",
        "local 198.18.0.1 dev oas0 table local          | false",
        "default via 192.0.2.2 dev eth0                 | false",
        "128.0.0.0/1 dev tun0                           | false",
        "198.20.0.0/16 dev eth0                         | false",
        "nexthop via 192.0.2.2 dev eth0 weight 1        | false",
      })
  void aRouteOfTheHostCollidesIfItSharesAddresses(String line, boolean collides) throws Exception {
    runner.answer("ip -4 -batch -", "default via 192.0.2.9 dev eth0\n" + line + "\n");
    assertThat(HostRoutes.read(runner, "198.18.0.0/16").collision("oas0").isPresent())
        .isEqualTo(collides);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fdc6:1200::/32 via fe80::1 dev eth0 metric 1024 pref medium            | true",
        "fdc6:1200:4710::5 dev eth0 metric 1024 pref medium                     | true",
        "unreachable fdc6:1200:4710::/48 dev lo metric 1024 pref medium         | true",
        "unreachable fdc6:1200:4710::/112 dev lo proto 47 metric 4294967295     | false",
        "fdc6:1200:4710::/112 dev oas0 proto 47 metric 1 pref medium            | false",
        "unreachable fd00::/8 dev lo metric 2147483647 pref medium              | false",
        "default via fe80::1 dev eth0 proto ra metric 100 pref medium           | false",
        "8000::/1 dev tun0 metric 1024 pref medium                              | false",
        "fdc7::/32 dev eth0 metric 1024 pref medium                             | false",
        "4710:\tfrom all fwmark 0x10000000/0x10000000 lookup 4710               | false",
      })
  void soWithIpv6(String line, boolean collides) throws Exception {
    runner.answer("ip -6 -batch -", line + "\n");
    assertThat(HostRoutes.read(runner, "fdc6:1200:4710::/112").collision("oas0").isPresent())
        .isEqualTo(collides);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "80", "80-90", "1,3,5-7,65535", "61000-64999"})
  void portListsAreWrittenAsTheyAreRead(String list) throws OsException {
    assertThat(ReservedPorts.text(ReservedPorts.parse(list))).isEqualTo(list);
  }

  @Test
  void aPortListThatIsNoneIsRefused() {
    assertThatThrownBy(() -> ReservedPorts.parse("80,x")).isInstanceOf(OsException.class);
  }

  @Test
  void cleaningUpRemovesWhatIsThereAndSaysSo() throws Exception {
    runner.answer("nft list tables", "table ip filter\ntable inet oasis\n");
    runner.answer(
        "ip -4 -batch -",
        """
        4710:	from all fwmark 0x10000000/0x10000000 lookup 4710
        4710:	from all fwmark 0x1 lookup 7
        default dev oas0 table 4710 scope link
        unreachable 10.9.0.0/16 metric 4294967295
        """);
    runner.answer("ip -6 -batch -", "unreachable fd00:1::/112 dev lo metric 4294967295\n");
    runner.answer("sysctl -n net/ipv4/ip_local_reserved_ports", "8080,61000-64999\n");
    assertThat(ClientNetwork.cleanUp(runner, config()))
        .containsExactly(
            "nftables table inet oasis",
            "ip rule from all fwmark 0x10000000/0x10000000 lookup 4710",
            "route default dev oas0 table 4710 scope link",
            "unreachable route 10.9.0.0/16",
            "unreachable route fd00:1::/112",
            "reserved ports 61000-64999");
    assertThat(runner.commands()).contains("sysctl -q -w net/ipv4/ip_local_reserved_ports=8080");
    assertThat(runner.inputs())
        .contains(
            """
            rule del priority 4710 fwmark 0x10000000/0x10000000
            route flush table all proto 47
            """,
            "route flush table all proto 47\n");
  }

  @Test
  void aStartLeavesTheBarriersInFrontOfTheDefaultGateway() throws Exception {
    runner.answer(
        "ip -4 -batch -",
        """
        unreachable 10.9.0.0/16 metric 4294967295
        default dev oas0 table 4710 scope link
        """);
    runner.answer("ip -6 -batch -", "unreachable fd00:1::/112 dev lo metric 4294967295\n");
    assertThat(ClientNetwork.prepare(runner, config()))
        .containsExactly("route default dev oas0 table 4710 scope link");
    assertThat(runner.inputs())
        .contains("route flush table all type unicast proto 47\n")
        .noneMatch(input -> input.contains("flush table all proto"));
  }

  @ParameterizedTest
  @CsvSource({
    "oas0,575,198.18.0.0/16,,61000,64999,mtu",
    "oas 0,1400,198.18.0.0/16,,61000,64999,tun",
    "oas0,1400,198.18.0.0/30,,61000,64999,fake-range",
    "oas0,1400,2001:db8::/32,,61000,64999,fake-range",
    "oas0,1279,198.18.0.0/16,fd00:1::/112,61000,64999,mtu",
    "oas0,1400,198.18.0.0/16,fd00::/31,61000,64999,fake-range6",
    "oas0,1400,198.18.0.0/16,fd00::/126,61000,64999,fake-range6",
    "oas0,1400,198.18.0.0/16,198.18.0.0/16,61000,64999,fake-range6",
    "oas0,1400,198.18.0.0/16,,64999,61000,reserved ports",
  })
  void aWrongConfigurationIsRefusedByItsKey(
      String tun, int mtu, String range, @Nullable String range6, int first, int last, String key) {
    assertThatThrownBy(
            () ->
                new ClientNetworkConfig(tun, mtu, range, range6, first, last, false, RuleSet.EMPTY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(key + ":");
  }
}
