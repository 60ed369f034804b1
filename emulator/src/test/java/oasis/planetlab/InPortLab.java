// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.io.control.ControlClient;
import oasis.lab.Blob;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.link.LinkSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A test of the port as a process that has CAP_NET_RAW and nothing else, with real programs. */
@Timeout(600)
abstract class InPortLab {
  /** The port, as programs are told of their proxy. */
  static final String PROXY = "http://127.0.0.1:4712";

  static final int PORT = 4712;

  /** Sends names like {@link Servers#NAME} by the overlay; others go by the underlay. */
  static final String RULE = "name:*.overlay.test " + Daemons.OVERLAY;

  static final long MS = 1_000_000L;

  /** A name that goes by the overlay and one that does not. */
  static final List<String> NAMES = List.of(Servers.NAME, Servers.PLAIN_NAME);

  @TempDir Path directory;
  Lab lab;
  Program port;

  @AfterEach
  void destroy() throws Exception {
    if (lab != null) {
      lab.close();
    }
  }

  /** Builds the network without servers. */
  final void build(LinkSettings access) throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory, access, LinkSettings.UNSHAPED);
  }

  /** The same with a web server. */
  final void buildWithWeb(LinkSettings access) throws Exception {
    build(access);
    lab.servers().startWeb(80);
  }

  final void startPort(String... options) throws Exception {
    String script = Daemons.script().toString();
    lab.client().exec(Duration.ofMinutes(5), script, "planetlab", "--version");
    List<String> argv = new ArrayList<>(List.of("setpriv", "--bounding-set", "-all,+net_raw"));
    argv.addAll(List.of(script, "planetlab", "run", "--dns", Lab.DNS));
    argv.addAll(List.of("--state", lab.file("port").toString()));
    argv.addAll(List.of("--control", lab.file("port.sock").toString()));
    argv.addAll(List.of(options));
    port = lab.client().start(Command.of(argv));
    port.awaitLine("Ready", Lab.LONG);
  }

  /** Starts exit node and port, with {@link #RULE} and more rules, until the overlay serves. */
  final void startPortWithOverlay(String... rules) throws Exception {
    lab.daemons().startExit();
    String overlay = Daemons.OVERLAY + "=" + Daemons.OVERLAY_URL;
    List<String> options = new ArrayList<>(List.of("--overlay", overlay, "--rule", RULE));
    for (String rule : rules) {
      options.addAll(List.of("--rule", rule));
    }
    startPort(options.toArray(String[]::new));
    Lab.await("the overlay is alive", () -> status().toString().contains("\"state\":\"alive\""));
  }

  final JsonNode status() throws Exception {
    byte[] body = new ControlClient(lab.file("port.sock"), "port").get("/v1/status").body();
    return Lab.json(new String(body, UTF_8));
  }

  /** What the port has counted of an event. */
  final long count(String event) throws Exception {
    return status().path("port").path("events").path(event).asLong();
  }

  /** How often the port has answered with a status itself. */
  final long answers(int status) throws Exception {
    return status().path("port").path("answers").path(Integer.toString(status)).asLong();
  }

  /** Counts resets and SYN-ACKs that leave the port, whoever sends them. */
  final void watchAnswers() throws Exception {
    Path rules = lab.file("watch.nft");
    Files.writeString(
        rules,
        """
        table inet watch {
          counter resets { }
          counter openings { }
          chain watched {
            type filter hook output priority 0;
            tcp sport 4712 tcp flags & rst == rst counter name resets
            tcp sport 4712 tcp flags & (syn | ack) == syn | ack counter name openings
          }
        }
        """);
    lab.run("nft", "-f", rules.toString());
  }

  /** What a counter of {@link #watchAnswers} says. */
  final String watched(String counter) throws Exception {
    return lab.run("nft", "list", "counter", "inet", "watch", counter);
  }

  final String curl(String... words) throws Exception {
    List<String> argv = new ArrayList<>(List.of("curl", "-sS", "-m", "60", "-x", PROXY));
    argv.addAll(List.of(words));
    return lab.run(argv.toArray(String[]::new)).strip();
  }

  /** Downloads a file a number of times at once; what comes is compared byte by byte. */
  final void downloadAtOnce(int times, String name, Blob blob) throws Exception {
    Path many = lab.file("many");
    Files.createDirectories(many);
    String script =
        "seq %d | xargs -P %1$d -I{} curl -sS -f -m 60 -x %s -o %s/{} http://%s/%s"
            .formatted(times, PROXY, many, name, blob.file().getFileName());
    lab.run("sh", "-c", script);
    for (int i = 1; i <= times; i++) {
      assertSame("download " + i + " of " + name, many.resolve(Integer.toString(i)), blob);
    }
  }

  static void assertSame(String what, Path got, Blob blob) throws Exception {
    assertThat(Files.mismatch(got, blob.file())).as(what).isEqualTo(-1);
  }
}
