// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** DNS by TCP and what is special about it by UDP, with dig, a real kernel and a name server. */
class ClientDnsIT extends InClientLab {
  private String dig(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("dig", "+tries=1", "+time=15"));
    all.addAll(List.of(words));
    return lab.in(lab.client, all.toArray(String[]::new)).strip();
  }

  @Test
  void namesThatAreAskedByTcpFollowTheRulesToo() throws Exception {
    lab.startExit();
    Process client = lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");

    for (String server : List.of(ClientLab.SERVER, ClientLab.SERVER6)) {
      String fake = dig("+tcp", "+short", "@" + server, "www.example.edu");
      assertThat(fake).startsWith("198.18.");
      assertThat(lab.who(fake + ":8080")).isEqualTo(ClientLab.EXIT);
      assertThat(dig("+tcp", "+short", "@" + server, "www.example.edu", "AAAA"))
          .startsWith("fdc6:");
      assertThat(dig("+tcp", "+short", "@" + server, "www.example.com"))
          .isEqualTo(ClientLab.SERVER);
      assertThat(dig("+tcp", "+short", "@" + server, "-x", fake)).isEqualTo("www.example.edu.");
    }

    client.destroyForcibly().waitFor();
    assertThat(dig("+tcp", "+short", "@" + ClientLab.SERVER, "www.example.edu"))
        .as("nobody is in between any more")
        .isEqualTo(ClientLab.SERVER);
    assertThat(lab.nothingFakeLeft()).isTrue();
  }

  @Test
  void manyQueriesOfOneConnectionAreJudgedOneByOne() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    long before = connections();

    String out =
        dig(
            "+tcp",
            "+keepopen",
            "+short",
            "@" + ClientLab.SERVER,
            "a.example.edu",
            "@" + ClientLab.SERVER,
            "b.example.com",
            "@" + ClientLab.SERVER,
            "c.example.edu");
    List<String> lines = out.lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).startsWith("198.18.");
    assertThat(lines.get(1)).isEqualTo(ClientLab.SERVER);
    assertThat(lines.get(2)).startsWith("198.18.").isNotEqualTo(lines.get(0));
    assertThat(connections() - before).isEqualTo(1);
  }

  /** Connections to the name server that the client has been told of, by its kernel's count. */
  private long connections() throws Exception {
    return Long.parseLong(
        lab.in(lab.client, "nstat", "-asz", "TcpActiveOpens")
            .replaceAll("(?s).*Opens +(\\d+).*", "$1"));
  }

  @Test
  void longAnswersPassByteForByteAndCutOnesAreAskedAgain() throws Exception {
    String name = "long.example.com";
    String without = dig("+tcp", "+short", "@" + ClientLab.SERVER, name, "TXT");
    assertThat(without).hasSizeGreaterThan(20_000);
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");

    assertThat(dig("+tcp", "+short", "@" + ClientLab.SERVER, name, "TXT")).isEqualTo(without);
    assertThat(dig("+tcp", "+short", "@" + ClientLab.SERVER, "long.example.edu", "TXT"))
        .isEqualTo(without);
    assertThat(dig("+short", "@" + ClientLab.SERVER, "cut.example.edu")).contains("198.18.");
    assertThat(dig("+short", "@" + ClientLab.SERVER, "cut.example.com")).contains(ClientLab.SERVER);
  }

  @Test
  void answersInFragmentsAreNeverGenuineNorMissing() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    for (String server : List.of(ClientLab.SERVER, ClientLab.SERVER6)) {
      assertToldToAskByTcp(server, "big.example.edu");
      assertToldToAskByTcp(server, "big.example.com");
      assertAddresses(server, "big.example.edu", "A", "198.18.");
      assertAddresses(server, "big.example.com", "A", "203.0.113.");
    }

    lab.control().post("/v1/rules", Map.of("rule", "udp dport 53 ron"));
    for (String server : List.of(ClientLab.SERVER, ClientLab.SERVER6)) {
      assertToldToAskByTcp(server, "big.example.edu");
      assertThat(bigByUdp(server, "big.example.com"))
          .as("all of it comes by the overlay")
          .doesNotContain("flags: qr tc", "flags: qr rd tc")
          .contains("ANSWER: " + LabNames.ADDRESSES + ",");
      assertAddresses(server, "big.example.edu", "AAAA", "fdc6:");
    }
  }

  /** What a program gets that takes 4,096 bytes by UDP and does not ask again by TCP. */
  private String bigByUdp(String server, String name) throws Exception {
    // On the way to a smaller MTU the first IPv6 answer is lost: its server has to learn that.
    return dig("+ignore", "+bufsize=4096", "+tries=15", "+time=1", "@" + server, name);
  }

  private void assertToldToAskByTcp(String server, String name) throws Exception {
    assertThat(bigByUdp(server, name)).contains("flags: qr tc rd", "ANSWER: 0,");
  }

  private void assertAddresses(String server, String name, String type, String prefix)
      throws Exception {
    assertThat(dig("+short", "+bufsize=4096", "+tries=3", "@" + server, name, type).lines())
        .hasSize(LabNames.ADDRESSES)
        .allMatch(address -> address.startsWith(prefix));
  }

  @Test
  void moreQueriesThanThereAreReservedPortsAreAnsweredAtOnce() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    // Each from a port of its own, as every resolver asks; 4,000 are reserved for all of them.
    int count = 5_000;
    Path batch = lab.directory.resolve("batch");
    Files.write(
        batch,
        IntStream.range(0, count)
            .mapToObj(i -> "www" + i % 100 + (i % 2 == 0 ? ".edu" : ".com"))
            .toList());
    String out = dig("+short", "@" + ClientLab.SERVER, "-f", batch.toString());
    assertThat(out.lines()).hasSize(count);
    assertThat(out.lines().filter(ClientLab.SERVER::equals)).hasSize(count / 2);
  }

  @Test
  void browsersLearnThatNamesAreLookedUpHere() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    for (String transport : List.of("+notcp", "+tcp")) {
      assertThat(dig(transport, "@" + ClientLab.SERVER, "use-application-dns.net"))
          .contains("status: NXDOMAIN");
    }
    lab.control().delete("/v1/rules/1");
    assertThat(dig("@" + ClientLab.SERVER, "use-application-dns.net")).contains("status: NOERROR");
  }
}
