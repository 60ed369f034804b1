// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.lab.Blob;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.link.LinkSettings;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/**
 * Programs and servers that mean ill, beside a download and a tunnel that must not notice: these
 * come whole, the port's memory stays within its bounds, and its counters say what happened.
 */
class PlanetlabHostileIT extends InPortLab {
  private static final int ECHO = 8001;
  private static final int LIAR = 8002;
  private static final int SLOW = 300;
  private static final long MOST_RESIDENT_KB = 600_000;

  private static final String HOST = "Host: www.plain.test\r\n";
  private static final String GET = "GET http://www.plain.test/who HTTP/1.1\r\n";
  private static final String POST = "POST http://www.plain.test/who HTTP/1.1\r\n" + HOST;

  /** Bad request lines, and what two readers could understand differently. */
  private static final List<String> BAD =
      List.of(
          "GET\r\n\r\n",
          "GET /who HTTP/1.1\r\n" + HOST + "\r\n",
          "GET  http://www.plain.test/who HTTP/1.1\r\n" + HOST + "\r\n",
          "GET http://www.plain.test/who HTTP/2.0\r\n" + HOST + "\r\n",
          "GET http://www.plain.test/wh o HTTP/1.1\r\n" + HOST + "\r\n",
          "GET ftp://www.plain.test/ HTTP/1.1\r\n" + HOST + "\r\n",
          "GET http://user@www.plain.test/ HTTP/1.1\r\n" + HOST + "\r\n",
          "CONNECT www.plain.test HTTP/1.1\r\n" + HOST + "\r\n",
          "CONNECT www.plain.test:0 HTTP/1.1\r\n" + HOST + "\r\n",
          "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001",
          GET + "\r\n",
          GET + HOST + HOST + "\r\n",
          GET + "Host: a\n\n",
          GET + HOST + "X: a\rb\r\n\r\n",
          GET + HOST + "X: a\r\n folded\r\n\r\n",
          GET + HOST + "X : a\r\n\r\n",
          GET + HOST + "X: a\u0000b\r\n\r\n",
          POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
          POST + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          POST + "Content-Length: +1\r\n\r\n",
          POST + "Content-Length: 1, 1\r\n\r\n",
          POST + "Transfer-Encoding: chunked, identity\r\n\r\n",
          POST + "Transfer-Encoding: xchunked\r\n\r\n",
          POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
          POST + "Transfer-Encoding : chunked\r\n\r\n",
          POST.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n");

  /** What servers say that is not so. */
  private static final List<String> LIES =
      List.of(
          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + "x".repeat(100_000),
          "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nshort",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nnegative",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 99\r\n\r\nab",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nless",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
          "HTTP/1.1 200 OK\r\nX: " + "h".repeat(300_000),
          "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000),
          "\u0000\u0001\u0002 no HTTP at all",
          "");

  private Wire.Server echo;
  private Wire tunnel;
  private Program download;
  private Blob blob;

  /** Starts everything, a slow download by the overlay and a tunnel by the underlay. */
  private void begin() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    blob = Blob.write(lab.servers().www().resolve("big"), 20_000_000, 1);
    startPortWithOverlay();
    echo = new Wire.Server(lab.server(), ECHO);
    echo.accept(
        wire -> {
          for (byte[] some = wire.hear(8); some.length == 8; some = wire.hear(8)) {
            wire.say(some);
          }
          return 0;
        });
    tunnel = Wire.connect(lab.client()).tunnel(Servers.PLAIN_NAME + ":" + ECHO);
    String url = "http://" + Servers.NAME + "/big";
    List<String> argv = new ArrayList<>(List.of("curl", "-sS", "-m", "60", "-x", PROXY));
    argv.addAll(List.of("--limit-rate", "4M", "-o", lab.file("slowly").toString(), url));
    download = lab.client().start(Command.of(argv));
    assertTunnel();
  }

  private void assertTunnel() throws IOException {
    byte[] ping = new Gen(System.nanoTime()).bytes(8);
    assertThat(tunnel.say(ping).hear(8)).isEqualTo(ping);
  }

  /** New connections are served, and those that were there have not noticed. */
  private void assertUnharmed() throws Exception {
    assertThat(curl("-m", "5", "http://" + Servers.NAME + "/who")).isEqualTo(Lab.EXIT);
    assertThat(curl("-m", "5", "http://" + Servers.PLAIN_NAME + "/who")).isEqualTo(Lab.CLIENT);
    assertTunnel();
  }

  private void end() throws Exception {
    assertUnharmed();
    assertThat(download.waitFor(Lab.LONG)).as(download.errors()).isZero();
    assertSame("the download", lab.file("slowly"), blob);
    tunnel.close();
    echo.close();
    String most = line(Path.of("/proc/" + port.pid() + "/status"), "VmHWM:");
    long residentKb = Long.parseLong(most.replaceAll("\\D", ""));
    assertThat(residentKb).as("memory of the port, KiB").isLessThan(MOST_RESIDENT_KB);
    assertThat(port.errors()).doesNotContain("Exception");
  }

  private static String line(Path file, String begin) throws IOException {
    return Files.readAllLines(file).stream().filter(l -> l.startsWith(begin)).findAny().orElse("");
  }

  private long inStage(String stage) throws Exception {
    return status().path("port").path("byStage").path(stage).asLong();
  }

  @Test
  void badAndSlowRequestsHarmNobody() throws Exception {
    begin();
    List<Wire> slow = new ArrayList<>();
    for (int i = 0; i < SLOW; i++) {
      slow.add(Wire.connect(lab.client()));
    }
    String text = "GET http://www.plain.test/ HTTP/1.1\r\n";
    for (int at = 0; at < text.length(); at++) {
      for (Wire wire : slow) {
        wire.say(text.substring(at, at + 1));
      }
    }
    Lab.await("all heads have begun", () -> inStage("head") >= SLOW);
    assertUnharmed();
    long before = count("requests");
    for (String request : BAD) {
      try (Wire program = Wire.connect(lab.client())) {
        assertThat(program.say(request).hearText()).as(request).startsWith("HTTP/1.1 400 ");
      }
    }
    assertThat(count("requests")).as("requests that were understood").isEqualTo(before);
    assertThat(answers(400)).isEqualTo(BAD.size());
    for (Wire wire : slow) {
      wire.close();
    }
    end();
  }

  @Test
  void serversThatLieDeceiveOnlyThemselves() throws Exception {
    begin();
    try (Wire.Server server = new Wire.Server(lab.server(), LIAR)) {
      for (String name : NAMES) {
        for (String lie : LIES) {
          Future<Integer> said = server.accept(wire -> say(wire, lie, false));
          assertThat(ask(name).equals(lie)).as(lie.lines().findFirst().orElse("")).isTrue();
          said.get(60, TimeUnit.SECONDS);
        }
        Future<Integer> said = server.accept(wire -> say(wire, "", true));
        assertThat(ask(name)).startsWith("HTTP/1.1 502 ").contains("connection_terminated");
        said.get(60, TimeUnit.SECONDS);
        said = server.accept(wire -> say(wire, "HTTP/1.1 200 OK\r\n", true));
        assertThat(ask(name)).as("cut off by a reset").isIn("HTTP/1.1 200 OK\r\n", "reset");
        said.get(60, TimeUnit.SECONDS);
      }
    }
    assertThat(answers(502)).isEqualTo(NAMES.size());
    end();
  }

  private static int say(Wire wire, String lie, boolean reset) throws Exception {
    wire.hearUntil("\r\n\r\n");
    wire.say(lie);
    if (reset) {
      wire.reset();
    }
    return 0;
  }

  private String ask(String name) throws Exception {
    try (Wire program = Wire.connect(lab.client())) {
      program.say("GET http://%1$s:%2$d/ HTTP/1.1\r\nHost: a\r\n\r\n".formatted(name, LIAR));
      return program.hearText();
    } catch (SocketException e) {
      return "reset";
    }
  }
}
