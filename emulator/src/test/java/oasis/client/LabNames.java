// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import oasis.packet.Address;

/**
 * The name server of the laboratory, by UDP and TCP: every name has the server's addresses. One
 * that begins with {@code cut.} is only answered by TCP, one that begins with {@code long.} has a
 * text of many kilobytes, one that begins with {@code big.} has more addresses than one packet
 * holds.
 */
final class LabNames {
  private static final int A = 1;
  private static final int TXT = 16;
  private static final int AAAA = 28;
  private static final int TEXTS = 200;

  /** Addresses of a {@code big.} name, upwards from the server's. */
  static final int ADDRESSES = 100;

  private LabNames() {}

  static void serve(DatagramSocket socket) {
    run(
        () -> {
          byte[] bytes = new byte[1_500];
          while (!socket.isClosed()) {
            DatagramPacket query = new DatagramPacket(bytes, bytes.length);
            socket.receive(query);
            byte[] answer = answer(bytes, query.getLength(), true);
            socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
          }
        });
  }

  static void serve(ServerSocket listener) {
    run(
        () -> {
          while (!listener.isClosed()) {
            Socket socket = listener.accept();
            run(() -> converse(socket));
          }
        });
  }

  private static void converse(Socket connection) throws IOException {
    try (Socket socket = connection) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      while (true) {
        byte[] query = new byte[in.readUnsignedShort()];
        in.readFully(query);
        byte[] answer = answer(query, query.length, false);
        out.writeShort(answer.length);
        out.write(answer);
      }
    }
  }

  /** Something that ends with its socket. */
  private interface Server {
    void run() throws IOException;
  }

  private static void run(Server server) {
    Thread thread =
        new Thread(
            () -> {
              try {
                server.run();
              } catch (IOException e) {
                // Closed, or a client that is gone.
              }
            },
            "names");
    thread.setDaemon(true);
    thread.start();
  }

  private static byte[] answer(byte[] query, int length, boolean udp) {
    int end = 12;
    while (query[end] != 0) {
      end += query[end] + 1;
    }
    int questionEnd = end + 5;
    int type = query[end + 2];
    String label = new String(query, 13, query[12], StandardCharsets.US_ASCII);
    boolean cut = udp && label.equals("cut");
    int records = cut ? 0 : type == A || type == AAAA ? label.equals("big") ? ADDRESSES : 1 : 0;
    records = type == TXT && label.equals("long") && !udp ? TEXTS : records;
    ByteBuffer answer = ByteBuffer.allocate(questionEnd + records * 120);
    answer.put(query, 0, Math.min(length, questionEnd));
    answer.putShort(2, (short) (cut ? 0x8380 : 0x8180));
    answer.putShort(6, (short) records);
    answer.putShort(10, (short) 0); // no EDNS option in the answer
    for (int i = 0; i < records; i++) {
      answer.putShort((short) 0xc00c).putShort((short) type).putShort((short) 1).putInt(300);
      data(type, i, answer);
    }
    byte[] bytes = new byte[answer.position()];
    answer.get(0, bytes);
    return bytes;
  }

  private static void data(int type, int index, ByteBuffer answer) {
    if (type == A) {
      answer.putShort((short) 4).putInt((int) Address.parse(ClientLab.SERVER).lo() + index);
    } else if (type == AAAA) {
      Address real = Address.parse(ClientLab.SERVER6);
      answer.putShort((short) 16).putLong(real.hi()).putLong(real.lo() + index);
    } else {
      byte[] text = String.format("%0100d", index).getBytes(StandardCharsets.US_ASCII);
      answer.putShort((short) (text.length + 1)).put((byte) text.length).put(text);
    }
  }
}
