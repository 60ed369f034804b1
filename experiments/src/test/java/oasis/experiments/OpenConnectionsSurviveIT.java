// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.lab.Daemons;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.lab.Servers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Starting, changing and stopping the client neither breaks nor moves connections that are open.
 */
@Timeout(600)
class OpenConnectionsSurviveIT {
  /** Each matches one of the open connections, most of them also the connections begun later. */
  private static final List<String> RULES =
      List.of(
          "tcp dport 22 lab",
          "tcp dport 5201 lab",
          "udp dport 9999 lab",
          "name:*.overlay.test lab",
          "dst 203.0.113.0/25 lab");

  @TempDir Path directory;
  private Lab lab;

  @BeforeEach
  void network() throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory);
    lab.servers().startWeb(80);
    lab.servers().startSsh(22);
    lab.daemons().startExit();
  }

  @AfterEach
  void end() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void rulesAddedAndRemovedMoveOnlyNewConnections() throws Exception {
    Program iperfServer = lab.servers().startIperf(5201);
    try (Session ssh = new Session("ssh");
        Session sshByName = new Session("ssh-by-name", Servers.NAME)) {
      Transfer iperf = new Transfer();
      int oneWay = startOneWayStream();
      List<Integer> open = List.of(ssh.localPort, sshByName.localPort, iperf.localPort(), oneWay);
      Runnable unmoved = () -> assertUnmoved(List.of(ssh, sshByName), iperf, open);

      lab.daemons().startClient();
      unmoved.run();
      lab.daemons().tell("overlay", "add", "lab", Daemons.OVERLAY_URL);
      unmoved.run();
      for (String rule : RULES) {
        lab.daemons().tell("rule", "add", rule);
        lab.daemons().awaitAlive();
        unmoved.run();
      }
      // The name has addresses of both families, and programs prefer IPv6.
      assertThat(newPeer(Servers.NAME)).as("by name").isEqualTo(Family.IPV6.exit());
      assertThat(newPeer(Lab.SERVER)).as("by destination").isEqualTo(Lab.EXIT);
      Session between = new Session("ssh-between");
      assertThat(between.peer).as("an ssh session begun in between").isEqualTo(Lab.EXIT);
      assertThat(listed()).contains(between.localPort);

      lab.daemons().tell("rule", "remove", "1");
      unmoved.run();
      for (String rule : RULES.subList(1, RULES.size())) {
        lab.daemons().tell("rule", "remove", rule);
        unmoved.run();
      }
      assertThat(lab.daemons().ask("rules")).isEmpty();
      between.assertAlive();
      assertThat(newPeer(Servers.NAME)).as("without rules").isEqualTo(Family.IPV6.client());
      assertThat(newPeer(Lab.SERVER)).as("without rules").isEqualTo(Lab.CLIENT);

      lab.daemons().stopClient();
      ssh.assertAlive();
      sshByName.assertAlive();
      iperf.assertAlive();
      between.close();
    }
    assertThat(peersOf(iperfServer)).containsExactly(Lab.CLIENT);
  }

  /** Datagrams that nobody answers; for connection tracking each of them is the first. */
  private int startOneWayStream() throws Exception {
    lab.server().start("socat", "-u", "UDP-RECV:9999", "STDOUT");
    String to = "UDP-SENDTO:" + Lab.SERVER + ":9999,sourceport=9998";
    String script = "while echo line; do sleep 0.05; done | socat -u STDIN " + to;
    lab.client().start("sh", "-c", script);
    return 9998;
  }

  private void assertUnmoved(List<Session> sessions, Transfer iperf, List<Integer> open) {
    try {
      for (Session session : sessions) {
        session.assertAlive();
        assertThat(session.peer).isIn(Lab.CLIENT, Family.IPV6.client());
      }
      iperf.assertAlive();
      assertThat(listed()).as("ports of carried connections").doesNotContainAnyElementsOf(open);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Local ports of all TCP connections that client and exit node carry. */
  private List<Integer> listed() throws Exception {
    List<Integer> ports = new ArrayList<>();
    for (JsonNode flow : lab.daemons().ask("flows")) {
      ports.add(port(flow.path("program").asText()));
    }
    for (JsonNode flow : lab.daemons().askExit("flows")) {
      ports.add(port(flow.path("source").asText()));
    }
    return ports;
  }

  private static int port(String endpoint) {
    String port = endpoint.substring(endpoint.lastIndexOf(':') + 1);
    return port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 0;
  }

  /** The peer that the web server sees for a new connection. */
  private String newPeer(String host) throws Exception {
    return lab.run("curl", "-sSf", "http://" + host + "/who");
  }

  private static List<String> peersOf(Program iperfServer) throws Exception {
    Matcher peer =
        Pattern.compile("Accepted connection from ([0-9.]+)").matcher(iperfServer.output());
    return peer.results().map(found -> found.group(1)).toList();
  }

  /** An ssh session in which what is typed comes back. */
  private final class Session implements AutoCloseable {
    private final Program ssh;
    private final RandomAccessFile keyboard;
    final String peer;
    final int localPort;
    private int lines;

    Session(String name) throws Exception {
      this(name, Lab.SERVER);
    }

    Session(String name, String host) throws Exception {
      Path fifo = directory.resolve(name + ".in");
      lab.run("mkfifo", fifo.toString());
      // Open for both, or to open it would wait for the other side.
      keyboard = new RandomAccessFile(fifo.toFile(), "rw");
      String remote = "echo at $SSH_CONNECTION; while read line; do echo heard $line; done";
      List<String> argv = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" <\"$0\""));
      argv.add(fifo.toString());
      argv.addAll(lab.servers().ssh(22, host, remote));
      ssh = lab.client().start(Command.of(argv).withName(name));
      String[] connection = ssh.awaitLine("at ", Lab.LONG).split(" ", -1);
      peer = connection[1];
      localPort = Integer.parseInt(connection[2]);
    }

    void assertAlive() throws Exception {
      String line = "line-" + ++lines + "-";
      keyboard.write((line + "\n").getBytes(UTF_8));
      ssh.awaitLine("heard " + line, Lab.LONG);
    }

    @Override
    public void close() throws IOException {
      ssh.close();
      keyboard.close();
    }
  }

  /** A transfer by iperf3 that goes on until the end, slowly, so that nobody starves. */
  private final class Transfer {
    private final Program iperf;
    private int seen;

    Transfer() throws Exception {
      iperf =
          lab.client()
              .start(
                  "iperf3",
                  "--client",
                  Lab.SERVER,
                  "--port",
                  "5201",
                  "--time",
                  "3600",
                  "--bitrate",
                  "20M",
                  "--interval",
                  "0.2",
                  "--forceflush");
      iperf.awaitLine("sec", Lab.LONG);
    }

    /** Of the data connection. */
    int localPort() throws Exception {
      Matcher line =
          Pattern.compile("local " + Lab.CLIENT + " port ([0-9]+)").matcher(iperf.output());
      assertThat(line.find()).as(iperf.output()).isTrue();
      return Integer.parseInt(line.group(1));
    }

    /** Waits for two more intervals in which something was sent. */
    void assertAlive() throws Exception {
      Pattern sent = Pattern.compile(" sec +[1-9][0-9.]* [KM]Bytes ");
      seen = (int) sent.matcher(iperf.output()).results().count();
      Lab.await(
          "iperf3 goes on",
          () -> sent.matcher(iperf.output()).results().count() >= seen + 2 || !iperf.isAlive());
      assertThat(iperf.isAlive()).as(iperf.errors()).isTrue();
    }
  }
}
