// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator does with a node that runs. */
@Timeout(600)
class OperationsIT extends ExitLab {
  @ParameterizedTest
  @ValueSource(strings = {"kernel", "raw"})
  void anEditedFileIsPutInForceAndFlowsGoOn(String backend) throws Exception {
    in(s, "ip", "address", "add", "10.6.0.1/32", "dev", "lo");
    in(x, "ip", "route", "add", "10.6.0.0/16", "via", SERVER);
    startNginx();
    String mine = "<allow>192.0.2.0/24</allow><backend>" + backend + "</backend>";
    configure(mine);
    Process exit = startExit("--config", file("exit.xml"));
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      Process download = download();
      assertThat(fetch("http://10.6.0.1/who").status()).as("closed").isEqualTo(7);
      configure(mine + "<allow-destination>10.6.0.0/16</allow-destination><mtu>1300</mtu>");
      assertThat(run(0, "reload"))
          .isEqualTo("in force: allow-destination; in force after a restart only: mtu\n");
      assertThat(fetch("http://10.6.0.1/who").out()).isEqualTo(EXIT_OUTSIDE + "\n");

      configure(mine + "\n<mtu>100</mtu>");
      assertThat(run(1, "reload")).contains("exit.xml, line 3: <mtu>: mtu must be");
      assertThat(fetch("http://10.6.0.1/who").ok()).as("nothing changed").isTrue();
      assertThat(download.isAlive()).isTrue();

      configure("<allow>198.51.100.0/24</allow><backend>" + backend + "</backend>");
      host.check(List.of("kill", "-HUP", Long.toString((long) number(status(), "pid"))), "");
      awaitTrue(() -> ask("/v1/status").contains("198.51.100.0/24"));
      assertThat(client.keepAliveIsAnswered(SILENCE_MS)).as("a client no more").isFalse();
    }
    stop(exit);
  }

  @Test
  void keysAndClassesAreReadAgain() throws Exception {
    String mine = "<allow>192.0.2.0/24</allow><backend>raw</backend>";
    configure(mine);
    startExit("--config", file("exit.xml"));
    Path keys = directory.resolve("keys");
    Files.createFile(
        keys, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(keys, "7 " + "5a".repeat(32) + " alice\n");
    String more = "<keys>" + keys + "</keys><cap-out>10Mbit/s</cap-out>";
    configure(mine + more + "<class>gold priority 1 for key 7</class>");
    assertThat(run(0, "reload")).isEqualTo("in force: cap-out, class, keys; keys: 1\n");
    assertThat(run(0, "classes")).contains("cap out 10Mbit/s", "gold");
    Files.writeString(keys, Files.readString(keys) + "8 " + "5b".repeat(32) + " bob\n");
    assertThat(run(0, "reload")).contains("no setting has changed", "keys: 2");
    assertThat(number(status(), "keys")).isEqualTo(2);
    Files.writeString(keys, "8 short\n");
    assertThat(run(1, "reload")).contains(keys.toString()).hasLineCount(1);
    assertThat(number(status(), "keys")).isEqualTo(2);
    configure(mine + "\n<class>gold priority 99</class>");
    assertThat(run(1, "reload")).contains("exit.xml, line 3: <class>: --class");
  }

  @Test
  void aNodeThatDrainsLetsFlowsGoOnAndNoneBegin() throws Exception {
    startNginx();
    Process exit = startExit("--allow", "192.0.2.0/24", "--backend", "raw");
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      Process download = download();
      assertThat(run(0, "clients")).contains("192.0.2.2:");
      assertThat(run(0, "drain")).contains("live flows: 1");
      assertThat(fetch("http://" + SERVER + "/who").status()).as("told so").isEqualTo(7);
      client.assertKeepAlive();
      assertThat(download.isAlive()).isTrue();
      assertThat(run(0, "status")).contains("draining: no flow may begin; 1 live on");
      run(0, "drain", "--off");
      assertThat(fetch("http://" + SERVER + "/who").ok()).isTrue();
      assertThat(run(0, "drain", "--stop", "--within", "1")).contains("stopped; flows cut off: 1");
      assertThat(exit.waitFor(PATIENCE_S, TimeUnit.SECONDS)).isTrue();
      assertThat(exit.exitValue()).isZero();
    }
  }

  @Test
  void metricsAreServedToThisHostOnly() throws Exception {
    startNginx();
    startExit("--allow", "192.0.2.0/24", "--metrics", "9470", "--cap-out", "50Mbit/s");
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      assertThat(fetch("http://" + SERVER + "/who").ok()).isTrue();
    }
    String[] curl = {"curl", "-sS", "-m", "20", "-i", "http://127.0.0.1:9470/metrics"};
    String[] parts = in(x, curl).split("\r\n\r\n", 2);
    assertThat(parts[0]).contains("200 OK", "content-type: text/plain; version=0.0.4");
    assertThat(parts[1])
        .contains(
            "oasis_exit_info{backend=\"kernel\"} 1\n",
            "oasis_exit_clients 1\n",
            "oasis_exit_flows_total 1\n",
            "oasis_exit_keep_alives_total 1\n",
            "oasis_exit_class_packets_total{class=\"own\",direction=\"out\"} ");
    assertThat(ask("/v1/metrics")).contains("oasis_exit_flows_total 1\n");
    String[] outside = {"curl", "-sS", "-m", "20", "http://192.0.2.1:9470/metrics"};
    assertThat(host.run(ns(c, outside), "").status()).isEqualTo(7);
    String[] other = {"curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}"};
    assertThat(in(x, with(other, "http://127.0.0.1:9470/v1/status"))).isEqualTo("404");
    assumeTrue(has("promtool"), "needs promtool (Debian: prometheus)");
    assertThat(host.run(List.of("promtool", "check", "metrics"), parts[1]).ok()).isTrue();
  }

  @Test
  void theServiceUnitIsOne() throws Exception {
    assumeTrue(has("systemd-analyze"), "needs systemd-analyze");
    String unit = Files.readString(Path.of("..", "deploy", "oasis-exit.service"));
    Path copy = directory.resolve("oasis-exit.service");
    Files.writeString(copy, unit.replace("/opt/oasis/oasis", "/bin/true"));
    CommandRunner.Result result =
        host.run(List.of("systemd-analyze", "verify", "--man=no", copy.toString()), "");
    assertThat(result.err()).doesNotContain("oasis-exit");
    assertThat(result.ok()).as(result.err()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "raw"})
  void theRightsOfTheServiceAreEnough(String backend) throws Exception {
    String unit = Files.readString(Path.of("..", "deploy", "oasis-exit.service"));
    String rights =
        unit.lines()
            .filter(line -> line.startsWith("CapabilityBoundingSet="))
            .map(line -> line.replaceFirst(".*=CAP_", "+").replace(" CAP_", ",+"))
            .findFirst()
            .orElseThrow()
            .toLowerCase(Locale.ROOT);
    startNginx();
    String before = kernelState();
    Process exit =
        startExitAs(
            List.of("setpriv", "--no-new-privs", "--bounding-set=-all," + rights),
            "--allow",
            "192.0.2.0/24",
            "--backend",
            backend);
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      assertThat(fetch("http://" + SERVER + "/who").out()).isEqualTo(EXIT_OUTSIDE + "\n");
    }
    stop(exit);
    assertThat(kernelState()).isEqualTo(before);
  }

  private boolean has(String program) throws Exception {
    return host.run(List.of("sh", "-c", "command -v " + program), "").ok();
  }

  private void configure(String settings) throws Exception {
    Files.writeString(
        directory.resolve("exit.xml"),
        "<?xml version=\"1.0\"?>\n<exit xmlns=\"urn:oasis:exit:1\">" + settings + "</exit>");
  }

  private Process download() throws Exception {
    String big = "http://" + SERVER + "/big";
    Process download = start(c, "curl", "-s", "-m", "110", "--limit-rate", "200K", big);
    awaitTrue(() -> ask("/v1/flows").contains(SERVER + ":80"));
    return download;
  }

  private CommandRunner.Result fetch(String url) throws Exception {
    return host.run(ns(c, "curl", "-sS", "-m", "20", url), "");
  }

  private static String[] with(String[] words, String last) {
    List<String> all = new ArrayList<>(List.of(words));
    all.add(last);
    return all.toArray(String[]::new);
  }
}
