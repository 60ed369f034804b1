// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;

/** Connections that send the greater part of a head and then hardly anything. */
final class Loris implements AutoCloseable {
  private static final int HEAD_BYTES = 60_000;
  private static final long PAUSE_MS = 10;

  private final List<SocketChannel> channels = new ArrayList<>();

  /** Opens so many connections, in the network namespace of the calling thread. */
  static Loris open(int number) throws OsException, IOException {
    Loris loris = new Loris();
    String head = "GET http://" + Carrier.UNDERLAY.host() + "/ HTTP/1.1\r\nX: ";
    byte[] bytes = (head + "y".repeat(HEAD_BYTES)).getBytes(ISO_8859_1);
    try {
      for (int i = 0; i < number; i++) {
        SocketChannel channel =
            SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), PortNetwork.PORT));
        loris.channels.add(channel);
        channel.configureBlocking(false);
        channel.write(ByteBuffer.wrap(bytes));
        if (i % 50 == 0) {
          Pause.ms(PAUSE_MS);
        }
      }
      return loris;
    } catch (OsException | IOException e) {
      loris.close();
      throw e;
    }
  }

  /** Sends a byte more on each; those that have been given up are closed. */
  void drip() throws IOException {
    for (SocketChannel channel : channels) {
      try {
        channel.write(ByteBuffer.wrap(new byte[] {'y'}));
      } catch (IOException e) {
        channel.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (SocketChannel channel : channels) {
      channel.close();
    }
  }
}
