// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import oasis.lab.Blob;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.link.LinkSettings;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** What HTTP has beside plain downloads, by the overlay and by the underlay. */
class PlanetlabWebIT extends InPortLab {
  private static final int HTTP = 8000;
  private static final int BODY_BYTES = 300_000;
  private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
  private static final String DONE = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

  private final byte[] body = new Gen(1).bytes(BODY_BYTES);

  @Test
  void bodiesAndHalfClosesPassAsTheyAre() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    Blob some = Blob.write(lab.servers().www().resolve("some"), 100_000, 2);
    startPortWithOverlay();
    watchAnswers();
    try (Wire.Server server = new Wire.Server(lab.server(), HTTP)) {
      for (String name : NAMES) {
        bodyAfterContinue(server, name);
        chunkedUpload(server, name);
        halfClose(server, name);
        answerBeforeTheBody(server, name);
        String head = curl("-I", "http://" + name + "/some");
        assertThat(head).startsWith("HTTP/1.1 200 ").contains("Content-Length: " + some.bytes());
      }
    }
    assertThat(watched("resets")).contains("packets 0 ");
    assertThat(status().path("port").path("answers").size()).isZero();
  }

  private static String post(String name, String fields) {
    return "POST http://%1$s:%2$d/up HTTP/1.1\r\nHost: %1$s:%2$d\r\n%3$s\r\n"
        .formatted(name, HTTP, fields);
  }

  /** The body waits for the server's word, which comes through the port as it is. */
  private void bodyAfterContinue(Wire.Server server, String name) throws Exception {
    Future<byte[]> got =
        server.accept(
            wire -> {
              assertThat(wire.hearUntil("\r\n\r\n")).contains("Expect: 100-continue\r\n");
              wire.say(CONTINUE);
              byte[] bytes = wire.hear(BODY_BYTES);
              wire.say(DONE);
              return bytes;
            });
    try (Wire program = Wire.connect(lab.client())) {
      program.say(post(name, "Expect: 100-continue\r\nContent-Length: " + BODY_BYTES + "\r\n"));
      assertThat(program.hearUntil("\r\n\r\n")).isEqualTo(CONTINUE);
      assertThat(program.say(body).hearText()).isEqualTo(DONE);
    }
    assertThat(Arrays.equals(got.get(60, TimeUnit.SECONDS), body)).as(name).isTrue();
  }

  /** A body whose length nobody knows before, from a real program. */
  private void chunkedUpload(Wire.Server server, String name) throws Exception {
    Future<String> got =
        server.accept(
            wire -> {
              String request = wire.hearUntil("\r\n0\r\n\r\n");
              wire.say(DONE);
              return request;
            });
    Path file = Files.write(lab.file("body"), "line\n".repeat(50_000).getBytes(ISO_8859_1));
    String url = "http://" + name + ":" + HTTP + "/up";
    lab.run("sh", "-c", "cat %s | curl -sSf -m 60 -x %s -T - %s".formatted(file, PROXY, url));
    String request = got.get(60, TimeUnit.SECONDS);
    int end = request.indexOf("\r\n\r\n") + 4;
    assertThat(request.substring(0, end)).containsIgnoringCase("Transfer-Encoding: chunked\r\n");
    assertThat(unchunked(request, end).equals(Files.readString(file))).as(name).isTrue();
  }

  private static String unchunked(String text, int from) {
    StringBuilder all = new StringBuilder();
    for (int at = from; ; ) {
      int line = text.indexOf("\r\n", at);
      int bytes = Integer.parseInt(text.substring(at, line), 16);
      if (bytes == 0) {
        return all.toString();
      }
      all.append(text, line + 2, line + 2 + bytes);
      at = line + 2 + bytes + 2;
    }
  }

  /** Either side may end first, and goes on to hear the other. */
  private void halfClose(Wire.Server server, String name) throws Exception {
    Future<byte[]> got =
        server.accept(
            wire -> {
              byte[] bytes = wire.hearAll();
              wire.say(body);
              return bytes;
            });
    try (Wire program = Wire.connect(lab.client()).tunnel(name + ":" + HTTP)) {
      assertThat(Arrays.equals(program.say(body).finish().hearAll(), body)).as(name).isTrue();
    }
    assertThat(Arrays.equals(got.get(60, TimeUnit.SECONDS), body)).as(name).isTrue();

    got = server.accept(wire -> wire.say("bye").finish().hearAll());
    try (Wire program = Wire.connect(lab.client()).tunnel(name + ":" + HTTP)) {
      assertThat(program.hearText()).isEqualTo("bye");
      program.say(body).finish();
      assertThat(Arrays.equals(got.get(60, TimeUnit.SECONDS), body)).as(name).isTrue();
    }
  }

  /** A server may refuse a body before it has come. */
  private void answerBeforeTheBody(Wire.Server server, String name) throws Exception {
    Future<String> got =
        server.accept(
            wire -> {
              String head = wire.hearUntil("\r\n\r\n");
              wire.say(DONE).finish();
              wire.hearAll();
              return head;
            });
    try (Wire program = Wire.connect(lab.client())) {
      program.say(post(name, "Content-Length: 1000000\r\n")).say(new byte[1_000]);
      assertThat(program.hearText()).isEqualTo(DONE);
    }
    assertThat(got.get(60, TimeUnit.SECONDS)).contains("Connection: close\r\n");
  }

  @Test
  void theRulesMayRefuse() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    startPort(
        "--overlay",
        "dead=udp://" + Lab.EXIT + ":9",
        "--rule",
        "name:*.overlay.test dead else block",
        "--rule",
        "tcp dport 81 dead else block");
    for (String url : List.of(Servers.NAME + "/who", Lab.SERVER + ":81/", Servers.NAME + ":81/")) {
      assertThat(curl("-D", "-", "http://" + url))
          .as(url)
          .startsWith("HTTP/1.1 403 ")
          .contains("Proxy-Status: oasis; error=http_request_denied");
    }
    try (Wire program = Wire.connect(lab.client())) {
      program.say(Wire.connectRequest(Servers.NAME + ":443"));
      assertThat(program.hearText()).startsWith("HTTP/1.1 403 ");
    }
    assertThat(curl("http://" + Servers.PLAIN_NAME + "/who")).isEqualTo(Lab.CLIENT);
    assertThat(answers(403)).isEqualTo(4);
  }

  /** A rule about an address is asked when the name's addresses are known. */
  @Test
  void theRulesMayRefuseAnAddressOfAName() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    String rule = "dst " + Lab.SERVER6 + "/128 dead else block";
    startPort("--overlay", "dead=udp://" + Lab.EXIT + ":9", "--rule", rule);
    assertThat(curl("-D", "-", "http://" + Servers.NAME6 + "/who"))
        .startsWith("HTTP/1.1 403 ")
        .contains("error=http_request_denied");
    assertThat(curl("http://" + Servers.PLAIN_NAME + "/who")).as("by IPv4").isEqualTo(Lab.CLIENT);
    lab.client().exec(Lab.LONG, "ip", "-6", "address", "flush", "scope", "global");
    Lab.await(
        "the loss of IPv6 is known",
        () -> {
          String answer = curl("-D", "-", "http://[2001:db8:ffff::9]/");
          return answer.contains("502 ") && answer.contains("error=destination_ip_unroutable");
        });
  }

  @Test
  void packagesComeByHttp() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    writeRepository();
    startPortWithOverlay();
    for (String name : NAMES) {
      Files.deleteIfExists(lab.file("oasis-hello_1.0_all.deb"));
      Path list = lab.file("sources.list");
      Files.writeString(list, "deb [trusted=yes] http://" + name + "/apt ./\n");
      apt("update");
      apt("download", "oasis-hello");
      assertThat(
              Files.mismatch(
                  lab.file("oasis-hello_1.0_all.deb"),
                  lab.servers().www().resolve("apt/oasis-hello_1.0_all.deb")))
          .as(name)
          .isEqualTo(-1);
    }
    assertThat(count("requests")).isGreaterThan(3);
  }

  /** A repository of one package, as {@code apt} wants it, with sums that it compares. */
  private void writeRepository() throws Exception {
    Path root = Files.createDirectories(lab.file("package/DEBIAN"));
    Files.writeString(
        root.resolve("control"),
        """
        Package: oasis-hello
        Version: 1.0
        Architecture: all
        Maintainer: Nobody <nobody@example.org>
        Description: a package
        """);
    Blob.write(lab.file("package/data"), 3_000_000, 3);
    Path apt = Files.createDirectories(lab.servers().www().resolve("apt"));
    Path deb = apt.resolve("oasis-hello_1.0_all.deb");
    lab.run("dpkg-deb", "-Zgzip", "--build", lab.file("package").toString(), deb.toString());
    byte[] bytes = Files.readAllBytes(deb);
    Files.writeString(
        apt.resolve("Packages"),
        Files.readString(root.resolve("control")).strip()
            + "\nFilename: ./%s\nSize: %d\nSHA256: %s\n"
                .formatted(deb.getFileName(), bytes.length, Lab.sha256(bytes)));
  }

  /** Runs apt-get with folders of its own. */
  private void apt(String... words) throws Exception {
    Path own = Files.createDirectories(lab.file("own"));
    Files.createDirectories(own.resolve("lists/partial"));
    Files.createDirectories(own.resolve("cache/archives/partial"));
    Files.createDirectories(own.resolve("empty"));
    Files.writeString(own.resolve("status"), "");
    List<String> argv = new ArrayList<>(List.of("env", "-C", lab.directory().toString()));
    argv.addAll(List.of("apt-get", "-q"));
    for (String option :
        List.of(
            "Acquire::http::Proxy=" + PROXY,
            "Acquire::Retries=0",
            "APT::Sandbox::User=root",
            "Dir::Etc::SourceList=" + lab.file("sources.list"),
            "Dir::Etc::SourceParts=" + own.resolve("empty"),
            "Dir::Etc::Parts=" + own.resolve("empty"),
            "Dir::State=" + own,
            "Dir::State::Lists=" + own.resolve("lists"),
            "Dir::State::status=" + own.resolve("status"),
            "Dir::Cache=" + own.resolve("cache"))) {
      argv.addAll(List.of("-o", option));
    }
    argv.addAll(List.of(words));
    lab.run(argv.toArray(String[]::new));
  }
}
