// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/** Whether the client carries packets: the web server sees the exit node. */
final class Carrying {
  private static final int TRIES = 200;
  private static final long PAUSE_MS = 25;
  private static final int ASK_MS = 300;
  private static final byte[] GET = "GET /small HTTP/1.0\r\n\r\n".getBytes(US_ASCII);

  private Carrying() {}

  /** Waits until a name has a fake address and a connection to it comes out of the exit node. */
  static void await(String namespace, Names names) throws OsException {
    String last = "";
    for (int i = 0; i < TRIES; i++) {
      String address = names.ask(KillNetwork.name(0), Lookup.A, ASK_MS);
      last = Names.isFake(address) ? peer(namespace, address) : "no fake address: " + address;
      if (last.equals(KillNetwork.EXIT)) {
        return;
      }
      Pause.ms(PAUSE_MS);
    }
    throw new OsException("the client does not carry packets (" + last + ")");
  }

  /** Whom the server saw. */
  private static String peer(String namespace, String address) throws OsException {
    try {
      return Netns.in(namespace, () -> peer(address));
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    } catch (Exception e) {
      throw new OsException("the server cannot be asked: " + e.getMessage(), e);
    }
  }

  private static String peer(String address) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(ASK_MS);
      socket.connect(new InetSocketAddress(address, KillNetwork.RULED_PORT), ASK_MS);
      socket.getOutputStream().write(GET);
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer
          .lines()
          .filter(line -> line.startsWith("X-Peer: "))
          .map(line -> line.substring("X-Peer: ".length()))
          .findFirst()
          .orElse("no X-Peer");
    }
  }
}
