// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import oasis.emulator.hub.WireReport;
import oasis.link.LinkSettings;
import oasis.os.linux.Netns;
import oasis.testkit.Binomial;
import oasis.testkit.Gen;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Links that lose, reorder and duplicate, in both directions and for both families. */
@Timeout(600)
class BadLinksIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final long MS = 1_000_000;
  private static final long PERCENT = LinkSettings.ALL_PPB / 100;
  private static final int DATAGRAMS = 6_000;

  @TempDir Path directory;

  @BeforeAll
  static void onlyAsRoot() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root for namespaces");
  }

  private Emulation start(LinkSettings fromA, LinkSettings fromB, long seed) throws Exception {
    Topology topology =
        Topology.builder("bad")
            .seed(seed)
            .host("a")
            .host("b")
            .link(
                Topology.End.of("a", "10.0.0.1/24", "fd00::1/64", fromA),
                Topology.End.of("b", "10.0.0.2/24", "fd00::2/64", fromB))
            .build();
    return Emulation.start(
        topology,
        new Emulation.Options(
            directory.resolve("out"), directory.resolve("state"), Duration.ofMillis(5)));
  }

  /** Numbers of the datagrams that a program received, in this order, up to the last one. */
  private static List<Integer> send(Node from, Node to, String address, Supplier<WireReport> report)
      throws Exception {
    InetSocketAddress target = new InetSocketAddress(InetAddress.getByName(address), 7000);
    List<Integer> numbers = new ArrayList<>();
    try (DatagramSocket in = Netns.in(to.namespace(), () -> new DatagramSocket(target));
        DatagramSocket out = Netns.in(from.namespace(), () -> new DatagramSocket())) {
      in.setReceiveBufferSize(4 << 20);
      in.setSoTimeout(200);
      Thread sender = new Thread(() -> sendAll(out, target));
      sender.start();
      DatagramPacket packet = new DatagramPacket(new byte[64], 64);
      long end = System.nanoTime() + SOON.toNanos();
      while (!allCame(numbers.size(), report.get()) && System.nanoTime() < end) {
        receive(in, packet, numbers);
      }
      sender.join();
      return numbers;
    }
  }

  private static boolean allCame(int numbers, WireReport wire) {
    return wire.received() == DATAGRAMS
        && wire.sent() == wire.received() - wire.lost() + wire.duplicated()
        && numbers == wire.sent();
  }

  private static void receive(DatagramSocket in, DatagramPacket packet, List<Integer> numbers)
      throws IOException {
    try {
      while (true) {
        in.receive(packet);
        numbers.add(ByteBuffer.wrap(packet.getData()).getInt(0));
      }
    } catch (SocketTimeoutException e) {
      return; // perhaps the end, perhaps a busy machine
    }
  }

  private static void sendAll(DatagramSocket out, InetSocketAddress target) {
    try {
      for (int i = 0; i < DATAGRAMS; i++) {
        byte[] payload = ByteBuffer.allocate(32).putInt(0, i).array();
        out.send(new DatagramPacket(payload, payload.length, target));
        LockSupport.parkNanos(100_000);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1, 10.0.0.2", "fd00::1, fd00::2"})
  void eachShareIsBinomialAndSeenByPrograms(String addressA, String addressB) {
    LinkSettings bad =
        LinkSettings.delay(MS)
            .withLossPpb(3 * PERCENT)
            .withReorder(5 * PERCENT, 6 * MS)
            .withDuplicatePpb(4 * PERCENT);
    Gen.cases(
        1,
        gen -> {
          try (Emulation emulation = start(bad, bad, gen.anyLong() >>> 1)) {
            Node a = emulation.node("a");
            Node b = emulation.node("b");
            List<Integer> forth = send(a, b, addressB, () -> emulation.report().wires().get(0));
            List<Integer> back = send(b, a, addressA, () -> emulation.report().wires().get(1));
            check(forth, emulation.report().wires().get(0));
            check(back, emulation.report().wires().get(1));
          }
        });
  }

  private static void check(List<Integer> numbers, WireReport wire) {
    check(wire);
    assertThat(wire.received()).isEqualTo(DATAGRAMS);
    assertThat(numbers).hasSize((int) wire.sent());
    assertThat(new HashSet<>(numbers)).hasSize((int) (wire.received() - wire.lost()));
    int latest = -1;
    Set<Integer> overtaken = new HashSet<>();
    for (int number : numbers) {
      if (number < latest) {
        overtaken.add(number);
      }
      latest = Math.max(latest, number);
    }
    // Where the sender pauses for more than the 6 ms, as on a busy machine, nothing overtakes.
    assertThat((long) overtaken.size()).isBetween(wire.reordered() / 10, wire.reordered());
  }

  private static void check(WireReport wire) {
    Binomial lost = Binomial.of(wire.received(), 0.03);
    Binomial reordered = Binomial.of(wire.received() - wire.lost(), 0.05);
    Binomial duplicated = Binomial.of(wire.received() - wire.lost(), 0.04);
    assertThat(wire.lost()).isBetween(lost.least(), lost.most());
    assertThat(wire.reordered()).isBetween(reordered.least(), reordered.most());
    assertThat(wire.duplicated()).isBetween(duplicated.least(), duplicated.most());
    assertThat(wire.sent()).isEqualTo(wire.received() - wire.lost() + wire.duplicated());
    assertThat(wire.queueDrops() + wire.oversized() + wire.sendErrors() + wire.badStamps())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TCP4:10.0.0.2", "TCP6:[fd00::2]"})
  void everyByteOfTcpArrivesAllTheSame(String target) throws Exception {
    LinkSettings bad =
        LinkSettings.delay(MS)
            .withLossPpb(PERCENT)
            .withReorder(PERCENT, MS)
            .withDuplicatePpb(PERCENT);
    Gen gen = new Gen(Gen.baseSeed());
    Path file = Files.write(directory.resolve("content"), gen.bytes(10_000_000));
    try (Emulation emulation = start(bad, bad, gen.seed())) {
      Node b = emulation.node("b");
      Program server = b.start("socat", "-u", target.substring(0, 4) + "-LISTEN:7000", "STDOUT");
      Listeners.await(b, "-tln", "7000");
      String address = target + ":7000";
      assertThat(emulation.node("a").exec(SOON, "socat", "-u", "FILE:" + file, address).status())
          .isZero();
      assertThat(server.waitFor(SOON)).isZero();
      assertThat(server.outputFile()).hasSameBinaryContentAs(file);
      assertThat(b.exec(SOON, "nstat", "-asz", "TcpInCsumErrors").out())
          .containsPattern("TcpInCsumErrors +0 ");
      assertThat(emulation.report().wires())
          .allSatisfy(wire -> assertThat(wire.lost() * wire.reordered()).isPositive());
    }
  }
}
