// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.io.control.Json;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.Test;

/** Rules for the programs of certain users and control groups, decided by a real kernel. */
class ProgramRulesIT extends InClientLab {
  private static final int ALICE = 23_001;
  private static final int BOB = 23_002;
  private static final String SERVER6 = "[" + ClientLab.SERVER6 + "]";

  @Test
  void connectionsOfAUserGoByTheOverlayAndThoseOfOthersNeverMeetTheClient() throws Exception {
    start(
        "uid " + BOB + " tcp dport 8080 underlay",
        "uid " + ALICE + " tcp dport 80 ron",
        "tcp dport 8080 ron",
        "icmp uid " + ALICE + " ron",
        "udp dport 53 not uid " + BOB + " ron");

    assertThat(lab.whoAs(ALICE, ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    assertThat(lab.whoAs(ALICE, SERVER6)).isEqualTo(ClientLab.EXIT6);
    lab.inAs(ALICE, "ping", "-c", "1", "-W", "20", ClientLab.SERVER);
    lab.inAs(ALICE, "ping", "-c", "1", "-W", "20", ClientLab.SERVER6);
    assertThat(flows(4)).as("echoes of Alice").isEqualTo(2);
    assertThat(lab.whoAs(ALICE, ClientLab.SERVER + ":8080")).isEqualTo(ClientLab.EXIT);
    assertThat(lab.who(SERVER6 + ":8080")).as("root").isEqualTo(ClientLab.EXIT6);

    long before = lab.tunPkts();
    assertThat(lab.whoAs(BOB, ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.whoAs(BOB, SERVER6)).isEqualTo(ClientLab.CLIENT6);
    assertThat(lab.who(ClientLab.SERVER)).as("root").isEqualTo(ClientLab.CLIENT);
    assertThat(lab.whoAs(BOB, ClientLab.SERVER + ":8080")).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.whoAs(BOB, SERVER6 + ":8080")).isEqualTo(ClientLab.CLIENT6);
    lab.inAs(BOB, "ping", "-c", "1", "-W", "20", ClientLab.SERVER);
    assertThat(lab.tunPkts()).as("nothing of Bob's meets the client").isEqualTo(before);

    lab.inAs(BOB, "dig", "+short", "@" + ClientLab.SERVER, "www.example.com");
    assertThat(flows(5)).as("queries are seen, but stay on the underlay").isZero();
    lab.inAs(ALICE, "dig", "+short", "@" + ClientLab.SERVER, "www.example.com");
    assertThat(flows(5)).isEqualTo(1);
  }

  @Test
  void aNameOfCertainUsersHasItsRealAddressBehindTheFakeForOthers() throws Exception {
    start("name:*.edu uid " + ALICE + " ron");
    String fake = lab.dig("www.example.edu");
    String fake6 = "[" + lab.dig(ClientLab.SERVER, "www.example.edu", "AAAA") + "]";
    assertThat(fake).startsWith("198.18.");

    assertThat(lab.whoAs(ALICE, fake)).isEqualTo(ClientLab.EXIT);
    assertThat(lab.whoAs(ALICE, fake6)).isEqualTo(ClientLab.EXIT6);
    assertThat(lab.whoAs(BOB, fake)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.whoAs(BOB, fake6)).isEqualTo(ClientLab.CLIENT6);

    oasis("rule add --at 1 name:www.* and uid " + BOB + " and not uid " + ALICE + " ron");
    assertThat(lab.whoAs(BOB, fake))
        .as("a rule of another user is added")
        .isEqualTo(ClientLab.EXIT);
    assertThat(lab.whoAs(ALICE, fake)).isEqualTo(ClientLab.EXIT);
    oasis("rule remove 1");
    assertThat(lab.whoAs(BOB, fake6)).isEqualTo(ClientLab.CLIENT6);

    assertThat(oasis("explain www.example.edu"))
        .contains(
            "new over IPv4: underlay",
            "matches if the program is one with uid " + ALICE + "; ron is alive: it carries",
            "add uid NUMBER or cgroup PATH");
    assertThat(oasis("explain www.example.edu uid " + ALICE)).contains("new over IPv4: ron");
    assertThat(oasis("explain www.example.edu uid " + BOB))
        .contains("new over IPv4: underlay", "no rule matches");
    assertThat(lab.nothingFakeLeft()).isTrue();
  }

  @Test
  void connectionsOfAControlGroupGoByTheOverlayAlsoWhenItIsMadeAnew() throws Exception {
    String group = "oas-" + ProcessHandle.current().pid();
    String mount = "mount -t cgroup2 none /sys/fs/cgroup";
    CommandRunner.Result mounted =
        lab.run(lab.client, "sh", "-c", mount + " && mkdir -p /sys/fs/cgroup/" + group + "/in");
    assumeTrue(mounted.ok(), "needs cgroup v2: " + mounted.err());
    try {
      lab.startExit();
      lab.startClientBehind(mount, "--overlay", OVERLAY, "--rule", "cgroup /" + group + " ron");
      lab.awaitCarrier("ron", "alive");
      assertThat(whoIn(group + "/in", ClientLab.SERVER)).as("below").isEqualTo(ClientLab.EXIT);
      assertThat(whoIn(group, SERVER6)).isEqualTo(ClientLab.EXIT6);
      long before = lab.tunPkts();
      assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
      assertThat(lab.who(SERVER6)).isEqualTo(ClientLab.CLIENT6);
      assertThat(lab.tunPkts()).isEqualTo(before);

      remove(mount, group);
      assertThat(lab.run(lab.client, "sh", "-c", mount + " && mkdir /sys/fs/cgroup/" + group).ok())
          .isTrue();
      ClientLab.await(() -> whoIn(group, ClientLab.SERVER).equals(ClientLab.EXIT));
    } finally {
      remove(mount, group);
    }
  }

  private String whoIn(String group, String host) throws Exception {
    String script =
        "mount -t cgroup2 none /sys/fs/cgroup && echo $$ > /sys/fs/cgroup/"
            + group
            + "/cgroup.procs && exec curl -sS -m 15 http://"
            + host
            + "/who";
    return lab.in(lab.client, "sh", "-c", script).strip();
  }

  private void remove(String mount, String group) throws Exception {
    lab.run(
        lab.client,
        "sh",
        "-c",
        mount + " && cd /sys/fs/cgroup && rmdir " + group + "/in; rmdir " + group);
  }

  private void start(String... rules) throws Exception {
    lab.startExit();
    List<String> options = new ArrayList<>(List.of("--overlay", OVERLAY));
    for (String rule : rules) {
      options.addAll(List.of("--rule", rule));
    }
    lab.startClient(options.toArray(String[]::new));
    lab.awaitCarrier("ron", "alive");
  }

  /** Flows that a rule has decided. */
  private long flows(int rule) throws Exception {
    Object rules = Json.parse(lab.control().get("/v1/rules").body());
    return rules instanceof List<?> list
            && list.get(rule - 1) instanceof Map<?, ?> one
            && one.get("flows") instanceof Number number
        ? number.longValue()
        : -1;
  }

  /** Runs the command line; it must succeed. */
  private String oasis(String words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words.split(" ")));
    all.addAll(List.of("--control", lab.file("client.sock")));
    CommandRunner.Result result = lab.clientMain(all.toArray(String[]::new));
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    return result.out();
  }
}
