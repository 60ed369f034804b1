// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.io.control.Json;
import org.junit.jupiter.api.Test;

/** Order, switches, counters and explanations of rules, as a user meets them. */
class ClientRulesIT extends InClientLab {
  private static final String URL = "udp://" + ClientLab.EXIT + ":" + ClientLab.ENTRY;

  @Test
  void theOrderDecidesAndNoChangeMovesAFlow() throws Exception {
    lab.startExit();
    Process client = lab.startClient();
    oasis("overlay add ron " + URL);
    oasis("rule add tcp dport 80 ron");
    oasis("rule add --at 1 tcp dport 80 dst " + ClientLab.SERVER + " underlay");
    oasis("rule add name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);

    oasis("rule move 2 1");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    Process download =
        lab.start(
            lab.client,
            "curl",
            "-sS",
            "--limit-rate",
            "4M",
            "-o",
            lab.file("big"),
            "http://" + ClientLab.SERVER + "/big");
    ClientLab.await(() -> oasis("flows").contains(ClientLab.SERVER + ":80"));
    oasis("rule disable 1");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    oasis("rule enable 1");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    oasis("rule move 1 3");
    assertThat(download.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(download.exitValue()).as("the flow stayed where it was").isZero();
    assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/big")))
        .isEqualTo(-1);

    assertThat(oasis("rule list")).contains("tcp dport 80 ron");
    Map<?, ?> counted = rule(3);
    assertThat(counted.get("rule")).isEqualTo("tcp dport 80 ron");
    assertThat(number(counted, "flows")).isEqualTo(3);
    assertThat(number(counted, "bytes")).isGreaterThan(20_000_000);
    lab.dig("www.example.edu");
    assertThat(number(rule(2), "names")).isEqualTo(1);

    oasis("rule disable 3");
    client.destroy();
    assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
    lab.startClient();
    assertThat(rule(1).get("rule"))
        .isEqualTo("tcp dport 80 dst " + ClientLab.SERVER + "/32 underlay");
    assertThat(rule(3).get("enabled")).as("order and state outlive the client").isEqualTo(false);
  }

  @Test
  void anExplanationNamesRuleCarrierAndReason() throws Exception {
    Process exit = lab.startExit();
    lab.startClient();
    oasis("overlay add ron " + URL);
    oasis("overlay add far udp://" + ClientLab.GATEWAY + ":9");
    oasis("rule add name:*.mil far --else next");
    oasis("rule add name:*.edu ron");
    oasis("rule add name:*.mil ron --else block");
    oasis("rule add tcp dport 80 ron");
    oasis("rule disable 2");
    lab.awaitCarrier("ron", "alive");
    lab.awaitCarrier("far", "dead");

    assertThat(oasis("explain www.army.mil"))
        .contains(
            "new over IPv4: ron",
            "why: rule 3 matches, and overlay \"ron\" is alive",
            "rule 1 (name:*.mil far else next): matches; far is dead: the next rule is asked",
            "rule 2 (name:*.edu ron): disabled; it would not match either");
    assertThat(oasis("explain www.mit.edu"))
        .contains("new over IPv4: underlay", "no rule matches", "disabled; it would match");
    String fake = lab.dig("www.army.mil");
    assertThat(oasis("explain tcp " + fake + ":80")).contains("(www.army.mil)", "IPv4: ron");
    assertThat(oasis("explain tcp 198.18.77.77:80")).contains("means no name: refused");

    Map<?, ?> json = Json.parseObject(oasis("explain --json tcp 203.0.113.9:80").getBytes(UTF_8));
    assertThat(json.get("decisions")).isInstanceOf(List.class).asString().contains("carrier=ron");
    exit.destroyForcibly();
    lab.awaitCarrier("ron", "dead");
    assertThat(oasis("explain www.army.mil"))
        .contains("IPv4: refused", "but overlay \"ron\" is dead, and it says block: refused");
    assertThat(oasis("explain tcp 203.0.113.9:80"))
        .contains("IPv4: underlay", "is dead: the underlay instead");
  }

  private Map<?, ?> rule(int number) throws Exception {
    Object rules = Json.parse(lab.control().get("/v1/rules").body());
    return rules instanceof List<?> list && list.get(number - 1) instanceof Map<?, ?> rule
        ? rule
        : Map.of();
  }

  private static long number(Map<?, ?> rule, String key) {
    return rule.get(key) instanceof Number number ? number.longValue() : -1;
  }

  /** Runs the command line; it must succeed. */
  private String oasis(String words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words.split(" ")));
    all.addAll(List.of("--control", lab.file("client.sock")));
    var result = lab.clientMain(all.toArray(String[]::new));
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    return result.out();
  }
}
