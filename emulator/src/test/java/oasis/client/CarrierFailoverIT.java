// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.Test;

/** What programs notice when an entry node dies. */
class CarrierFailoverIT extends InClientLab {
  private static final int ENTRY_AT_ROUTER = 4701;

  @Test
  void theOtherEntryNodeServesWhenOneDies() throws Exception {
    Process exit = lab.startExit();
    lab.startExitAtRouter(ENTRY_AT_ROUTER);
    Path specification = directory.resolve("ron.xml");
    Files.writeString(
        specification,
        "<overlay xmlns=\"urn:oasis:overlay:1\" name=\"ron\" version=\"1\">\n"
            + "<entry host=\"%s\" port=\"%d\"/>\n".formatted(ClientLab.EXIT, ClientLab.ENTRY)
            + "<entry host=\"%s\" port=\"%d\"/>\n".formatted(ClientLab.GATEWAY, ENTRY_AT_ROUTER)
            + "</overlay>\n");
    lab.startClient("--overlay", "ron=file:" + specification, "--rule", "tcp dport 80 ron");
    ClientLab.await(() -> lab.carrierStates("ron").equals(List.of("alive", "alive")));
    String first = lab.who(ClientLab.SERVER);
    assertThat(first).isNotEqualTo(ClientLab.CLIENT);

    exit.destroyForcibly().waitFor();

    for (int i = 0; i < 5; i++) {
      assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.SERVER_GATEWAY);
    }
  }

  @Test
  void aConnectionThatBeginsInABlackHoleSucceedsSoon() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    lab.awaitCarrier("ron", "alive");
    Process slow =
        lab.start(
            lab.client,
            "curl",
            "-s",
            "--limit-rate",
            "500k",
            "-o",
            "/dev/null",
            "http://" + ClientLab.SERVER + "/big");
    lab.awaitDownload();
    Path hole = directory.resolve("hole.nft");
    Files.writeString(
        hole,
        """
        table inet hole {
          chain in { type filter hook prerouting priority -400; udp dport 4700 drop; }
          chain out { type filter hook postrouting priority 400; udp sport 4700 drop; }
        }
        """);
    lab.in(lab.exit, "nft", "-f", hole.toString());
    long began = System.nanoTime();

    String seen = seenBy(ClientLab.SERVER);
    long connectMs = (System.nanoTime() - began) / 1_000_000;
    boolean told = slow.waitFor(60, TimeUnit.SECONDS);
    long resetMs = (System.nanoTime() - began) / 1_000_000;

    System.out.printf("connected after %d ms, reset after %d ms%n", connectMs, resetMs);
    assertThat(seen).isEqualTo(ClientLab.CLIENT);
    // The kernel's own next SYN would only come after three seconds.
    assertThat(connectMs).isLessThan(2_500);
    assertThat(told).isTrue();
    assertThat(slow.exitValue()).as("connection reset").isEqualTo(56);
    // Of a busy machine; FailoverTest knows to the millisecond what is intended.
    assertThat(resetMs).isLessThan(10_000);

    lab.in(lab.exit, "nft", "delete", "table", "inet", "hole");
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).as("the carrier is back").isEqualTo(ClientLab.EXIT);
  }

  /** The address that the web server sees, asked from here: a process takes its time to start. */
  private String seenBy(String server) throws Exception {
    try (Socket socket = Netns.in(lab.client, () -> new Socket(server, 80))) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write("GET /who HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
    }
  }
}
