// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.io.control.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * No leak and no loop, although a rule matches the entry node itself: while names and headers are
 * carried, rules come and go, and the overlay dies and returns, no packet with a fake address
 * crosses the physical interface, and no datagram of the client's own reaches its TUN device.
 */
class NoLeakIT extends InClientLab {
  /** For longer tests: {@code -Doasis.leak.seconds=60}. */
  private static final int SECONDS = Integer.getInteger("oasis.leak.seconds", 16);

  private static final String SERVER6 = "[" + ClientLab.SERVER6 + "]";
  private static final Pattern PACKETS = Pattern.compile("packets ([0-9]+)");

  private final AtomicBoolean over = new AtomicBoolean();
  private final List<Thread> threads = new ArrayList<>();

  @AfterEach
  void endPrograms() {
    over.set(true);
  }

  @Test
  void nothingFakeLeavesAndNothingOfOursComesBack() throws Exception {
    watch();
    Process exit = lab.startExit();
    Process client = startClient();
    lab.awaitCarrier("ron", "alive");
    String fake = lab.dig("www.example.edu");
    String fake6 = lab.dig(ClientLab.SERVER, "www.example.edu", "AAAA");
    List<AtomicLong> ways =
        List.of(
            program(() -> lab.who(fake + ":8080")),
            program(() -> lab.who("[" + fake6 + "]:8080")),
            program(() -> lab.who(ClientLab.SERVER) + lab.who(SERVER6)),
            program(() -> lab.dig("www" + System.nanoTime() + ".example.edu")),
            program(() -> lab.in(lab.client, "ping", "-c", "1", "-W", "1", fake)));

    live(exit);

    for (AtomicLong way : ways) {
      assertThat(way.get()).as("each way has carried something").isPositive();
    }
    over.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    // What went round without a program would never become less.
    ClientLab.await(() -> pktsOfASecond() < 9);

    stop(client, fake, fake6);
    assertThat(count("fakes")).as("packets with a fake address at the interface").isZero();
    assertThat(count("loops")).as("the client's datagrams in its own device").isZero();
    assertThat(count("carried")).as("the client's datagrams at the interface").isPositive();
    assertThat(lab.nothingFakeLeft()).as("as the next router sees it").isTrue();

    lab.clientMain("cleanup", "--control", lab.file("client.sock"));
    lab.run(lab.client, "curl", "-s", "-m", "1", "http://" + fake + "/who");
    assertThat(count("fakes")).as("the counter counts").isPositive();
    assertThat(lab.nothingFakeLeft()).isFalse();
  }

  private long pktsOfASecond() throws Exception {
    long before = lab.tunPkts();
    Thread.sleep(1_000);
    return lab.tunPkts() - before;
  }

  /** With a rule for the entry node itself, and for all of UDP. */
  private Process startClient() throws Exception {
    return lab.startClient(
        "--overlay",
        OVERLAY,
        "--rule",
        "dst " + ClientLab.EXIT + " ron",
        "--rule",
        "name:*.edu ron",
        "--rule",
        "tcp dport 80 ron",
        "--rule",
        "icmp ron",
        "--rule",
        "udp ron");
  }

  /** Ends the client while programs go on asking for fakes. */
  private void stop(Process client, String fake, String fake6) throws Exception {
    client.destroy();
    while (client.isAlive()) {
      lab.run(lab.client, "curl", "-s", "-m", "1", "http://" + fake + ":8080/who");
      lab.run(lab.client, "curl", "-s", "-m", "1", "http://[" + fake6 + "]:8080/who");
    }
    assertThat(lab.run(lab.client, "curl", "-s", "-m", "15", "http://" + fake + "/who").status())
        .as("fakes are unreachable at once")
        .isEqualTo(7);
  }

  /** Rules come and go; the overlay dies in the middle and returns. */
  private void live(Process exit) throws Exception {
    Process living = exit;
    long begin = System.nanoTime();
    boolean killed = false;
    boolean returned = false;
    for (int i = 0; seconds(begin) < SECONDS; i++) {
      String rule = "tcp dport " + (2_000 + i) + " ron";
      must(lab.control().post("/v1/rules", Map.of("rule", rule, "at", 1 + i % 3)));
      Thread.sleep(300);
      must(lab.control().delete("/v1/rules?text=" + rule.replace(" ", "%20")));
      if (!killed && seconds(begin) > SECONDS / 3.0) {
        killed = true;
        living.destroyForcibly().waitFor();
      }
      if (!returned && seconds(begin) > SECONDS * 0.6) {
        returned = true;
        living = lab.startExit();
      }
    }
    assertThat(returned).isTrue();
    lab.awaitCarrier("ron", "alive");
  }

  private static double seconds(long beginNs) {
    return (System.nanoTime() - beginNs) / 1e9;
  }

  private static void must(Response answer) {
    assertThat(answer.ok()).as(new String(answer.body(), UTF_8)).isTrue();
  }

  /** Does something again and again; counts how often it went well. */
  private AtomicLong program(Callable<String> work) {
    AtomicLong done = new AtomicLong();
    Thread thread =
        new Thread(
            () -> {
              while (!over.get()) {
                try {
                  if (!work.call().isEmpty()) {
                    done.incrementAndGet();
                  }
                } catch (Exception | AssertionError e) {
                  // Refused or reset, as it has to be while the overlay is dead.
                }
              }
            });
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
    return done;
  }

  /** Counts at the physical interface, and at the TUN device, of the client's own host. */
  private void watch() throws Exception {
    lab.in(
        lab.client,
        "nft",
        """
        table inet watch {
          counter fakes { }
          counter loops { }
          counter carried { }
          chain out {
            type filter hook postrouting priority 300;
            oifname "eth0" ip daddr 198.18.0.0/15 counter name fakes
            oifname "eth0" ip saddr 198.18.0.0/15 counter name fakes
            oifname "eth0" ip6 daddr fdc6:1200:4710::/48 counter name fakes
            oifname "eth0" ip6 saddr fdc6:1200:4710::/48 counter name fakes
            oifname "eth0" udp dport 4700 counter name carried
            oifname "oas0" udp dport 4700 counter name loops
            oifname "oas0" meta mark and 0x20000000 != 0 counter name loops
          }
          chain in {
            type filter hook prerouting priority -350;
            iifname "eth0" ip daddr 198.18.0.0/15 counter name fakes
            iifname "eth0" ip saddr 198.18.0.0/15 counter name fakes
            iifname "eth0" ip6 daddr fdc6:1200:4710::/48 counter name fakes
            iifname "eth0" ip6 saddr fdc6:1200:4710::/48 counter name fakes
          }
        }
        """);
  }

  private long count(String counter) throws Exception {
    Matcher packets =
        PACKETS.matcher(lab.in(lab.client, "nft", "list", "counter", "inet", "watch", counter));
    assertThat(packets.find()).isTrue();
    return Long.parseLong(packets.group(1));
  }
}
