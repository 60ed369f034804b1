// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Packets as programs send them, drawn at random: TCP, UDP, echo requests and ICMP errors of both
 * IP versions, from a few inner addresses to a few destinations.
 */
final class Templates {
  private static final int MOST_DATA = 200;
  private static final int PORTS = 150;
  private static final int FIRST_PORT = 40_000;
  private static final List<Integer> SERVICES = List.of(53, 80, 443, 7);
  private static final int[] TCP_FLAGS = {2, 2, 2, 16, 16, 24, 17, 4, 18, 0, 41, 63};

  private static final List<String> INNER = List.of("10.9.8.7", "192.168.1.9", "fdc6:9::7");

  private static final List<String> OPEN4 =
      List.of("203.0.113.3", "203.0.113.4", "203.0.113.5", "8.8.8.8", "1.2.3.4", "192.0.9.1");

  private static final List<String> OPEN6 = List.of("2600:9::3", "2600:9::4", "2a00:1450::1");

  private static final List<String> CLOSED =
      List.of(
          "0.1.2.3",
          "10.1.2.3",
          "100.64.0.9",
          "127.0.0.1",
          "168.63.129.16",
          "169.254.169.254",
          "172.20.1.1",
          "192.0.0.192",
          "192.168.7.7",
          "198.18.0.9",
          "224.0.0.251",
          "255.255.255.255",
          "::1",
          "2001:db8::9",
          "fd00:ec2::254",
          "fe80::9",
          "ff02::1",
          "64:ff9b::a00:1",
          "2002:7f00:1::1",
          "64:ff9b:1::9");

  private final SplittableRandom random;
  private final List<String> own;
  private final Anatomy anatomy = new Anatomy();

  /** What was built last. */
  final byte[] bytes = new byte[Fuzzer.ROOM];

  int length;

  /**
   * @param own the exit node's own addresses
   */
  Templates(SplittableRandom random, List<String> own) {
    this.random = random;
    this.own = List.copyOf(own);
  }

  /** Builds a packet to an open destination, or to a mapped port of the exit node. */
  void open() {
    boolean v4 = random.nextInt(10) < 7;
    if (random.nextInt(20) == 0) {
      build(pick(own), 61_000 + random.nextInt(200), MOST_DATA);
    } else {
      build(pick(v4 ? OPEN4 : OPEN6), pick(SERVICES), MOST_DATA);
    }
  }

  /** Builds a packet of the n-th of many flows from few ports, which nobody answers. */
  void oneOfMany(int n) {
    byte[] to = Policy.literal(OPEN4.get(0));
    udp(Policy.literal(INNER.get(0)), to, FIRST_PORT + n % 8, FIRST_PORT - n / 8, 1);
  }

  /** Builds one that is long enough to be cut. */
  void longer() {
    build(pick(random.nextInt(10) < 7 ? OPEN4 : OPEN6), pick(SERVICES), 1000);
  }

  /** Builds a packet to where policy lets nobody. */
  void closed() {
    switch (random.nextInt(4)) {
      case 0 -> mail();
      case 1 -> build(pick(own), pick(List.of(22, 80, 4700)), MOST_DATA);
      default -> build(pick(CLOSED), pick(SERVICES), MOST_DATA);
    }
  }

  /** To an open destination, but to the port of mail. */
  private void mail() {
    byte[] to = Policy.literal(pick(random.nextBoolean() ? OPEN4 : OPEN6));
    tcp(inner(to.length), to, port(), 25, 2, MOST_DATA);
  }

  private void build(String destination, int service, int mostData) {
    byte[] to = Policy.literal(destination);
    byte[] from = inner(to.length);
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 ->
          tcp(from, to, port(), service, TCP_FLAGS[random.nextInt(TCP_FLAGS.length)], mostData);
      case 4, 5, 6, 7 -> udp(from, to, port(), service, mostData);
      case 8 -> echo(from, to, mostData);
      default -> error(from, to, service);
    }
  }

  private int port() {
    return FIRST_PORT + random.nextInt(PORTS);
  }

  private byte[] inner(int addressBytes) {
    return Policy.literal(addressBytes == 16 ? INNER.get(2) : INNER.get(random.nextInt(2)));
  }

  private void tcp(byte[] from, byte[] to, int sport, int dport, int flags, int mostData) {
    boolean mss = (flags & Anatomy.SYN) != 0;
    int header = mss ? 24 : 20;
    ByteBuffer b = ip(from, to, Anatomy.TCP, header + random.nextInt(mostData));
    b.putShort((short) sport).putShort((short) dport);
    b.putInt(random.nextInt()).putInt(random.nextInt());
    b.put((byte) (header << 2)).put((byte) flags).putShort((short) 64_000).putInt(0);
    if (mss) {
      b.putInt(0x02040000 | random.nextInt(400, 9000));
    }
    finish(b);
  }

  private void udp(byte[] from, byte[] to, int sport, int dport, int mostData) {
    int data = random.nextInt(mostData);
    ByteBuffer b = ip(from, to, Anatomy.UDP, 8 + data);
    b.putShort((short) sport).putShort((short) dport).putShort((short) (8 + data));
    b.putShort((short) 0);
    finish(b);
  }

  private void echo(byte[] from, byte[] to, int mostData) {
    boolean v4 = to.length == 4;
    ByteBuffer b = ip(from, to, v4 ? Anatomy.ICMP : Anatomy.ICMP6, 8 + random.nextInt(mostData));
    b.put((byte) (v4 ? 8 : 128)).put((byte) 0).putShort((short) 0);
    b.putShort((short) port()).putShort((short) random.nextInt());
    finish(b);
  }

  /** An ICMP error about a datagram that is said to have come from there. */
  private void error(byte[] from, byte[] to, int service) {
    boolean v4 = to.length == 4;
    int quoted = (v4 ? 20 : 40) + 8;
    ByteBuffer b = ip(from, to, v4 ? Anatomy.ICMP : Anatomy.ICMP6, 8 + quoted);
    int type = v4 ? new int[] {3, 11, 12}[random.nextInt(3)] : random.nextInt(1, 5);
    b.put((byte) type).put((byte) random.nextInt(6)).putShort((short) 0).putInt(0);
    int at = b.position();
    header(b, to, from, Anatomy.UDP, 8);
    b.putShort((short) service).putShort((short) port()).putShort((short) 8).putShort((short) 0);
    Sums.mendHeader(bytes, at, b.position());
    finish(b);
  }

  /** Begins a packet; the buffer stands where its transport part begins. */
  private ByteBuffer ip(byte[] from, byte[] to, int protocol, int data) {
    ByteBuffer b = ByteBuffer.wrap(bytes);
    header(b, from, to, protocol, data);
    length = b.position() + data;
    return b;
  }

  private void header(ByteBuffer b, byte[] from, byte[] to, int protocol, int data) {
    if (to.length == 4) {
      b.putShort((short) 0x4500).putShort((short) (20 + data));
      b.putShort((short) random.nextInt(16)).putShort((short) (random.nextInt(2) << 14));
      b.put((byte) (random.nextInt(40) == 0 ? 1 : 64)).put((byte) protocol).putShort((short) 0);
    } else {
      b.putInt(6 << 28).putShort((short) data).put((byte) protocol).put((byte) 64);
    }
    b.put(from).put(to);
  }

  /** Fills the data with random bytes and writes all checksums. */
  private void finish(ByteBuffer b) {
    for (int i = b.position(); i < length; i++) {
      bytes[i] = (byte) random.nextInt();
    }
    Sums.mendHeader(bytes, 0, length);
    if (anatomy.read(bytes, 0, length)) {
      Sums.mendTransport(bytes, anatomy);
    }
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
