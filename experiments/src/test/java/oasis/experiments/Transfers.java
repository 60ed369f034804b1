// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Program;
import oasis.lab.Blob;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.packet.Address;

/** Moves a file by TCP between client and server, and compares its SHA-256 at the other end. */
final class Transfers {
  private static final int SOURCE = 9000;
  private static final int SINK = 9001;

  /** Takes the connections of this class to the overlay. */
  static final String RULE = "tcp dport " + SOURCE + "-" + SINK + " lab";

  private static final Pattern PEER =
      Pattern.compile("accepting connection from AF=10 \\[([0-9a-f:]+)]:([0-9]+)");

  private final Lab lab;
  private final Blob blob;

  private Transfers(Lab lab, Blob blob) {
    this.lab = lab;
    this.blob = blob;
  }

  /** Starts the server that gives the file away. */
  static Transfers start(Lab lab, Blob blob) throws Exception {
    lab.servers().startSource(SOURCE, blob.file());
    return new Transfers(lab, blob);
  }

  /** The server gets the same bytes, from the address and port that the deployment gives them. */
  void assertUp(Deployment deployment, Family family) throws Exception {
    try (Program sink = lab.servers().startSink(SINK)) {
      lab.run("socat", "-u", "-b", "262144", "FILE:" + blob.file(), server(family, SINK));
      assertThat(sink.waitFor(Lab.LONG)).as(sink.errors()).isZero();
      assertThat(sink.output()).as("SHA-256 at the server").startsWith(blob.sha256() + " ");
      assertPeer(deployment, family, sink.errors());
    }
  }

  private static void assertPeer(Deployment deployment, Family family, String log) {
    Matcher peer = PEER.matcher(log);
    assertThat(peer.find()).as(log).isTrue();
    assertThat(Address.parse(peer.group(1))).isEqualTo(Address.parse(deployment.peer(family)));
    if (deployment.translatesPorts()) {
      assertThat(Integer.parseInt(peer.group(2))).isBetween(61_000, 64_999);
    }
  }

  /** The client gets the same bytes. */
  void assertDown(Family family) throws Exception {
    String script = "socat -u -b 262144 " + server(family, SOURCE) + " STDOUT | sha256sum";
    assertThat(lab.run("sh", "-c", script))
        .as("SHA-256 at the client")
        .startsWith(blob.sha256() + " ");
  }

  private static String server(Family family, int port) {
    return "TCP:" + family.inUrl(family.server()) + ":" + port;
  }
}
