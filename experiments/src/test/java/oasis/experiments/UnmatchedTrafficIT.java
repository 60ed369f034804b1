// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Traffic that no rule matches never reaches the client: not a single packet. */
@Timeout(600)
class UnmatchedTrafficIT {
  private static final int BIG_BYTES = 20_000_000;

  /** Kernels send router solicitations in the first seconds of a device. */
  private static final int NOISE_SECONDS = 5;

  @TempDir Path directory;

  @Test
  void nothingButWhatARuleMatchesEntersTheTun() throws Exception {
    Lab.assumePossible();
    try (Lab lab = Lab.start(directory)) {
      lab.servers().startWeb(80, 8080);
      Files.write(lab.servers().www().resolve("big"), new Gen(1).bytes(BIG_BYTES));
      lab.servers().startIperf(5201);
      lab.daemons().startExit();
      withIpv6(lab);
      lab.daemons()
          .startClientWithRules(
              "name:*.overlay.test lab",
              "tcp dport 8080 lab",
              "udp dport 5353 lab",
              "udp dport 137-139 lab",
              "icmp dst 203.0.113.128/25 lab",
              "dst 10.0.0.0/8 lab",
              "dst 224.0.0.0/4 lab");
      long began = System.nanoTime();

      for (Family family : Family.values()) {
        unmatched(lab, family);
      }
      noise(lab);
      TimeUnit.NANOSECONDS.sleep(
          TimeUnit.SECONDS.toNanos(NOISE_SECONDS) - (System.nanoTime() - began));

      assertThat(tunCounters(lab)).as("rx and tx packets and drops of oas0").containsOnly(0L);
      JsonNode status = Lab.json(lab.daemons().tell("status", "--json"));
      assertThat(status.path("tun").path("inPkts").asLong(-1)).isZero();
      assertThat(status.path("tun").path("outPkts").asLong(-1)).isZero();
      assertThat(status.path("underlaySent").path("outPkts").asLong(-1)).isZero();
      assertThat(status.path("underlayReceived").path("inPkts").asLong(-1)).isZero();
      assertThat(status.path("drops")).isEmpty();
      assertThat(lab.daemons().ask("flows")).isEmpty();
      assertThat(lab.daemons().askExit("flows")).isEmpty();

      // The counters do count.
      for (Family family : Family.values()) {
        List<Long> before = tunCounters(lab);
        String url = "http://" + family.inUrl(family.server()) + ":8080/who";
        assertThat(lab.run("curl", "-sSf", url)).isEqualTo(family.exit());
        assertThat(tunCounters(lab).get(0)).isGreaterThan(before.get(0));
        assertThat(tunCounters(lab).get(1)).isGreaterThan(before.get(1));
      }
    }
  }

  /** IPv6 on new devices, as on a usual host. */
  private static void withIpv6(Lab lab) throws Exception {
    for (String scope : List.of("default", "all", "eth0")) {
      lab.run("sysctl", "-q", "-w", "net.ipv6.conf." + scope + ".disable_ipv6=0");
    }
  }

  private static void unmatched(Lab lab, Family family) throws Exception {
    lab.run("ping", "-c", "5", "-i", "0.1", family.server());
    String url = "http://" + family.inUrl(family.server()) + "/big";
    assertThat(lab.run("curl", "-sSf", "-o", "/dev/null", "-w", "%{size_download}", url))
        .isEqualTo(Integer.toString(BIG_BYTES));
    for (String how : List.of("-n20M", "-n20M -R", "-n2M -u -b20M", "-n2M -u -b20M -R")) {
      lab.run(("iperf3 -p 5201 -c " + family.server() + " " + how).split(" ", -1));
    }
  }

  /** What hosts send without being asked; the rules would match some of it by port or address. */
  private static void noise(Lab lab) throws Exception {
    lab.run("ip", "route", "add", "224.0.0.0/4", "dev", "eth0");
    lab.run("ping", "-6", "-c", "2", "-i", "0.2", "ff02::1%eth0");
    send(lab, "UDP4-DATAGRAM:224.0.0.251:5353");
    send(lab, "UDP6-DATAGRAM:[ff02::fb]:5353,so-bindtodevice=eth0");
    send(lab, "UDP4-DATAGRAM:192.0.2.255:137,broadcast");
    send(lab, "UDP4-DATAGRAM:239.255.255.250:1900");
    send(lab, "UDP4-DATAGRAM:127.0.0.1:5353");
  }

  private static void send(Lab lab, String to) throws Exception {
    lab.run("sh", "-c", "echo noise | socat -u STDIN " + to);
  }

  private static List<Long> tunCounters(Lab lab) throws Exception {
    String folder = "/sys/class/net/oas0/statistics/";
    return Arrays.stream(
            lab.run(
                    "cat",
                    folder + "tx_packets",
                    folder + "rx_packets",
                    folder + "tx_dropped",
                    folder + "rx_dropped")
                .strip()
                .split("\n", -1))
        .map(Long::valueOf)
        .toList();
  }
}
