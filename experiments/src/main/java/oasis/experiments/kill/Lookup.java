// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import oasis.packet.Addresses;

/** One DNS query by UDP from a socket of its own, as a resolver library sends it. */
final class Lookup {
  static final int A = 1;
  static final int AAAA = 28;

  private static final int DNS_PORT = 53;
  private static final int HEADER = 12;
  private static final int ANSWERS_AT = 6;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int RESPONSE = 0x8000;
  private static final int RCODE = 0xf;
  private static final int POINTER = 0xc0;
  private static final int INTERNET = 1;
  private static final int MAX_BYTES = 1500;
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;

  private Lookup() {}

  /**
   * Asks. The calling thread is in the network namespace of the host that asks.
   *
   * @param type {@link #A} or {@link #AAAA}
   * @param ms how long to wait
   * @return the first address of the answer as text; empty when there is none
   * @throws IOException when there is no answer in time
   */
  static String ask(InetAddress server, String name, int type, int ms) throws IOException {
    short id = (short) ThreadLocalRandom.current().nextInt();
    byte[] query = query(id, name, type);
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(server, DNS_PORT));
      socket.setSoTimeout(ms);
      socket.send(new DatagramPacket(query, query.length));
      DatagramPacket answer = new DatagramPacket(new byte[MAX_BYTES], MAX_BYTES);
      socket.receive(answer);
      return address(ByteBuffer.wrap(answer.getData(), 0, answer.getLength()), id, type);
    }
  }

  /** A query with one question. */
  static byte[] query(short id, String name, int type) {
    ByteBuffer query = ByteBuffer.allocate(HEADER + name.length() + 6);
    query.putShort(id).putShort((short) RECURSION_DESIRED).putShort((short) 1);
    query.position(HEADER);
    for (String label : name.split("\\.", -1)) {
      query.put((byte) label.length()).put(label.getBytes(US_ASCII));
    }
    query.put((byte) 0).putShort((short) type).putShort((short) INTERNET);
    return query.array();
  }

  /** The first address of an answer, or nothing when it has none or answers something else. */
  static String address(ByteBuffer answer, short id, int type) {
    if (answer.remaining() < HEADER) {
      return "";
    }
    try {
      int flags = answer.getShort(2);
      if (answer.getShort(0) != id || (flags & RESPONSE) == 0 || (flags & RCODE) != 0) {
        return "";
      }
      answer.position(HEADER);
      skipName(answer);
      answer.getInt();
      for (int i = answer.getShort(ANSWERS_AT); i > 0; i--) {
        skipName(answer);
        int kind = answer.getShort();
        answer.position(answer.position() + 6);
        byte[] data = new byte[answer.getShort()];
        answer.get(data);
        if (kind == type && data.length == (type == A ? IPV4_BYTES : IPV6_BYTES)) {
          return text(data);
        }
      }
      return "";
    } catch (BufferUnderflowException | IllegalArgumentException | NegativeArraySizeException e) {
      return ""; // broken off
    }
  }

  private static void skipName(ByteBuffer answer) {
    for (int length = answer.get() & 0xff; length != 0; length = answer.get() & 0xff) {
      if (length >= POINTER) {
        answer.get();
        return;
      }
      answer.position(answer.position() + length);
    }
  }

  private static String text(byte[] address) {
    ByteBuffer bytes = ByteBuffer.wrap(address);
    return address.length == IPV4_BYTES
        ? Addresses.text(0, Addresses.v4(bytes.getInt(0)))
        : Addresses.text(bytes.getLong(0), bytes.getLong(8));
  }
}
