// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.os.CommandRunner;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that show a path show the one that packets take: by an overlay the exit node, then the
 * routers behind it with their own addresses, then the destination as the program knows it; by the
 * mediated underlay what they show without us. The client itself is no hop.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "PACKET", "MEDIATED"})
@Timeout(600)
class PathProgramsIT extends EachDeployment {
  private static final Pattern TRACED =
      Pattern.compile("^ *[0-9]+ +(?:(\\S+) \\(([0-9a-f.:]+)\\)|(\\*))");

  private static final Pattern REPORTED = Pattern.compile("^ *[0-9]+\\.\\|-- (\\S+) +([0-9.]+)%");

  PathProgramsIT(Deployment deployment) {
    super(deployment);
  }

  /** The way into the overlay. */
  enum Way {
    NAME,
    HEADER;

    String host(Family family) {
      return this == NAME ? Servers.NAME : family.server();
    }
  }

  /** What a program sends to find the hops. */
  enum Probe {
    UDP("", "--udp"),
    ICMP("-I", ""),
    TCP("-T -p 80", "--tcp --port 80");

    final String traceroute;
    final String mtr;

    Probe(String traceroute, String mtr) {
      this.traceroute = traceroute;
      this.mtr = mtr;
    }
  }

  private record Case(Probe probe, Family family, Way way) {
    static List<Case> all() {
      List<Case> all = new ArrayList<>();
      for (Probe probe : Probe.values()) {
        for (Family family : Family.values()) {
          for (Way way : Way.values()) {
            all.add(new Case(probe, family, way));
          }
        }
      }
      return all;
    }
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    lab.servers().startWeb(80);
    // Many probes at once are more errors than a kernel sends by default.
    for (Node node : List.of(lab.router(), lab.exit(), lab.server())) {
      lab.runIn(node, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0");
    }
    String rules =
        """
        table inet nobody {
          chain forward {
            type filter hook forward priority 0;
            ip daddr %s reject with icmp type host-unreachable
            ip6 daddr %s reject with icmpv6 type addr-unreachable
          }
        }
        """
            .formatted(nobody(Family.IPV4), nobody(Family.IPV6));
    Files.writeString(lab.file("nobody.nft"), rules);
    lab.runIn(lab.router(), "nft", "-f", lab.file("nobody.nft").toString());
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    List<String> rules = new ArrayList<>(List.of("name:*.overlay.test lab"));
    for (Family family : Family.values()) {
      String server = " dst " + family.server() + "/" + family.bits() + " lab";
      rules.addAll(List.of("udp" + server, "tcp" + server, "icmp" + server));
      rules.add("icmp dst " + nobody(family) + "/" + family.bits() + " lab");
    }
    deployment.start(lab, rules);
  }

  /** The router's address towards who sends: the exit node, or this host. */
  private String firstRouter(Family family) {
    if (family == Family.IPV4) {
      return deployment.mediates() ? "192.0.2.1" : "198.51.100.1";
    }
    return deployment.mediates() ? "2001:db8:1::1" : "2001:db8:2::1";
  }

  /** What the exit node calls itself: its own address in the tunnel. */
  private static String exit(Family family) {
    return family == Family.IPV4 ? "100.64.0.1" : "fd6f:6173:6973::1";
  }

  /** An address that the router says nobody has; to IPv6 clients of the exit node it is closed. */
  private static String nobody(Family family) {
    return family == Family.IPV4 ? "203.0.113.9" : "2001:db8:3::9";
  }

  /** The hops in front of the destination. */
  private List<String> routers(Family family) {
    List<String> hops = new ArrayList<>();
    if (!deployment.mediates()) {
      hops.add(exit(family));
    }
    hops.add(firstRouter(family));
    return hops;
  }

  private static String destination(Family family, Way way) throws Exception {
    return way == Way.HEADER
        ? family.server()
        : lab.run("dig", "+short", Servers.NAME, family.recordType()).strip();
  }

  @Test
  void tracerouteShowsThePath() throws Exception {
    Map<Case, Program> programs = new LinkedHashMap<>();
    for (Case one : Case.all()) {
      String words =
          "traceroute %s -q 1 -N 1 -w 5 -m 6 %s %s"
              .formatted(one.family.option(), one.probe.traceroute, one.way.host(one.family));
      programs.put(one, lab.client().start(words.split(" +", -1)));
    }
    SoftAssertions all = new SoftAssertions();
    for (Map.Entry<Case, Program> entry : programs.entrySet()) {
      Case one = entry.getKey();
      Program program = entry.getValue();
      int status = program.waitFor(Lab.LONG);
      List<String> expected = routers(one.family);
      expected.add(destination(one.family, one.way));
      all.assertThat(status).as("%s: %s", one, program.errors()).isZero();
      all.assertThat(hops(program.output(), TRACED, 2))
          .as("%s: %s", one, program.output())
          .isEqualTo(expected);
      if (one.way == Way.NAME) {
        all.assertThat(program.output().lines().reduce("", (a, b) -> b))
            .as("the destination has its name, %s", one)
            .contains(" " + Servers.NAME + " (");
      }
    }
    all.assertAll();
  }

  /**
   * One way after the other: mtr takes the errors of another mtr with the same ports for its own,
   * and leaves out answers that have come. What one report lacks is asked for once more.
   */
  @ParameterizedTest
  @EnumSource
  void mtrShowsThePath(Way way) throws Exception {
    Map<Case, Program> programs = new LinkedHashMap<>();
    for (Case one : Case.all().stream().filter(c -> c.way == way).toList()) {
      programs.put(one, startMtr(one));
    }
    SoftAssertions all = new SoftAssertions();
    for (Map.Entry<Case, Program> entry : programs.entrySet()) {
      Case one = entry.getKey();
      Program program = entry.getValue();
      int status = program.waitFor(Lab.LONG);
      List<String> expected = routers(one.family);
      expected.add(destination(one.family, one.way));
      if (!hops(program.output(), REPORTED, 1).equals(expected)) {
        program = startMtr(one);
        status = program.waitFor(Lab.LONG);
      }
      all.assertThat(status).as("%s: %s", one, program.errors()).isZero();
      all.assertThat(hops(program.output(), REPORTED, 1))
          .as("%s: %s", one, program.output())
          .isEqualTo(expected);
      all.assertThat(program.output().lines().reduce("", (x, y) -> y))
          .as("the destination answers, %s", one)
          .contains(" 0.0% ");
    }
    all.assertAll();
  }

  private static Program startMtr(Case one) throws Exception {
    String words =
        "mtr --report --report-wide --no-dns -c 3 -i 0.2 -G 1 -m 6 %s %s %s"
            .formatted(one.family.option(), one.probe.mtr, one.way.host(one.family));
    return lab.client().start(words.split(" +", -1));
  }

  private static List<String> hops(String output, Pattern line, int group) {
    List<String> hops = new ArrayList<>();
    output
        .lines()
        .map(line::matcher)
        .filter(Matcher::find)
        .forEach(m -> hops.add(m.group(group) == null ? "*" : m.group(group)));
    return hops;
  }

  @ParameterizedTest
  @EnumSource
  void pingSaysWhoseAnswerItIs(Family family) throws Exception {
    CommandRunner.Result alive =
        lab.client().exec(Lab.LONG, "ping", "-n", "-c", "1", "-W", "10", family.server());
    assertThat(alive.out()).contains(" bytes from " + family.server());
    CommandRunner.Result dead =
        lab.client().exec(Lab.LONG, "ping", "-n", "-c", "1", "-W", "10", nobody(family));
    boolean closed = family == Family.IPV6 && !deployment.mediates();
    String teller = closed ? exit(family) : firstRouter(family);
    assertThat(dead.status()).isEqualTo(1);
    assertThat(dead.out())
        .containsPattern("From " + Pattern.quote(teller) + " icmp_seq=1 Destination .*nreach");
  }

  @ParameterizedTest
  @EnumSource
  void aHopCountThatEndsOnTheWayIsToldByThatRouter(Family family) throws Exception {
    List<String> hops = routers(family);
    for (Way way : Way.values()) {
      for (int ttl = 1; ttl <= hops.size(); ttl++) {
        CommandRunner.Result result =
            lab.client()
                .exec(
                    Lab.LONG,
                    "ping",
                    family.option(),
                    "-n",
                    "-c",
                    "1",
                    "-W",
                    "10",
                    "-t",
                    Integer.toString(ttl),
                    way.host(family));
        assertThat(result.status()).as(result.out()).isEqualTo(1);
        assertThat(result.out())
            .containsPattern("From " + Pattern.quote(hops.get(ttl - 1)) + "[: ].*[Tt]ime");
      }
    }
  }
}
