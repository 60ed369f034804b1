// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import oasis.link.LinkModel;
import oasis.link.LinkSettings;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sys;
import oasis.testkit.Gen;
import org.HdrHistogram.SingleWriterRecorder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A wire between two datagram sockets on the loopback device, which need no privilege. */
class WireTest {
  private static final int MTU = 576;
  private static final int SOCKADDR_BYTES = 16;
  private static final LinkSettings BAD =
      LinkSettings.UNSHAPED
          .withLossPpb(LinkSettings.ALL_PPB / 10)
          .withReorder(LinkSettings.ALL_PPB / 3, 500_000)
          .withDuplicatePpb(LinkSettings.ALL_PPB / 5);

  private final InetAddress loopback = InetAddress.getLoopbackAddress();
  private final SingleWriterRecorder lateness = new SingleWriterRecorder(1, Hub.MAX_LATENESS_NS, 3);
  private final Memory name = Memory.allocate(32);
  private DatagramSocket feeder;
  private DatagramSocket sink;
  private int in;
  private int out;

  @BeforeEach
  void open() throws Exception {
    feeder = new DatagramSocket(0, loopback);
    sink = new DatagramSocket(0, loopback);
    sink.setSoTimeout(5_000);
    in = socket();
    out = socket();
    address(0);
    Errno.check(Sys.bind(in, name, SOCKADDR_BYTES), "bind", "in");
    ByteBuffer bytes = name.buffer().duplicate().order(ByteOrder.nativeOrder());
    bytes.putInt(SOCKADDR_BYTES, SOCKADDR_BYTES);
    Errno.check(
        Sys.getsockname(in, name.address(), name.address() + SOCKADDR_BYTES), "getsockname", "in");
    feeder.connect(new InetSocketAddress(loopback, Short.toUnsignedInt(name.buffer().getShort(2))));
    address(sink.getLocalPort());
    Errno.check(Sys.connect(out, name, SOCKADDR_BYTES), "connect", "out");
  }

  @AfterEach
  void close() {
    feeder.close();
    sink.close();
    Sys.close(in);
    Sys.close(out);
  }

  private static int socket() throws OsException {
    return Errno.check(Sys.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", "wire");
  }

  private void address(int port) {
    name.buffer().putLong(0, 0).putLong(8, 0).putShort(2, (short) port).putInt(4, 0x7f000001);
    name.buffer().duplicate().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_INET);
  }

  private Wire wire(LinkModel model) {
    return new Wire(in, out, MTU, BAD, model, new KernelClock(), lateness);
  }

  private void feed(int number, int bytes) throws Exception {
    byte[] payload = ByteBuffer.allocate(bytes).putInt(0, number).array();
    feeder.send(new DatagramPacket(payload, bytes));
  }

  /** Carries all that was fed to its end; returns what arrives. */
  private List<Integer> carry(Wire wire, int fed, int expected) throws Exception {
    int received = 0;
    while (received < fed) {
      received += wire.receive();
    }
    while (wire.nextDueNs() != SendQueue.NEVER) {
      wire.forward();
    }
    List<Integer> numbers = new ArrayList<>();
    DatagramPacket packet = new DatagramPacket(new byte[MTU], MTU);
    for (int i = 0; i < expected; i++) {
      sink.receive(packet);
      numbers.add(ByteBuffer.wrap(packet.getData()).getInt(0));
    }
    return numbers;
  }

  @Test
  void packetsLeaveAsTheModelSays() {
    Gen.cases(
        3,
        gen -> {
          long seed = gen.anyLong();
          Wire wire = wire(new LinkModel(BAD, seed, 1, 0));
          LinkModel reference = new LinkModel(BAD, seed, 1, 0);
          int number = 0;
          // Enough for both rings to wrap around.
          while (number < 6_000) {
            int burst = gen.range(1, 60);
            List<Integer> inOrder = new ArrayList<>();
            List<Integer> heldBack = new ArrayList<>();
            for (int i = 0; i < burst; i++) {
              feed(number, 32);
              if (reference.admit(0, 32) != LinkModel.DROPPED_LOSS) {
                List<Integer> queue = reference.reordered() ? heldBack : inOrder;
                queue.add(number);
                if (reference.duplicated()) {
                  queue.add(number);
                }
              }
              number++;
            }
            List<Integer> expected = new ArrayList<>(inOrder);
            expected.addAll(heldBack);
            assertThat(carry(wire, burst, expected.size())).isEqualTo(expected);
          }
          assertThat(wire.counter(Wire.RECEIVED)).isEqualTo(number);
          assertThat(wire.counter(Wire.SENT))
              .isEqualTo(number - wire.counter(Wire.LOST) + wire.counter(Wire.DUPLICATED));
        });
  }

  @Test
  void aPacketLongerThanTheMtuIsDroppedAndCounted() throws Exception {
    Wire wire = wire(new LinkModel(LinkSettings.UNSHAPED, 1, 1, 0));
    feed(1, MTU + Wire.ETHERNET_HEADER_BYTES + 1);
    feed(2, 9_000);
    feed(3, MTU + Wire.ETHERNET_HEADER_BYTES);
    assertThat(carry(wire, 3, 1)).containsExactly(3);
    assertThat(wire.counter(Wire.OVERSIZED)).isEqualTo(2);
  }

  @Test
  void aBurstLongerThanTheRingIsReadAsSlotsBecomeFree() throws Exception {
    LinkSettings slow = LinkSettings.delay(50_000_000);
    Wire wire =
        new Wire(
            in,
            out,
            MTU,
            LinkSettings.UNSHAPED,
            new LinkModel(slow, 1, 1, 0),
            new KernelClock(),
            lateness);
    int slots = Wire.slots(LinkSettings.UNSHAPED);
    int received = 0;
    for (int i = 0; i < slots; i++) {
      feed(i, 32);
      received += wire.receive();
    }
    feed(slots, 32);
    assertThat(received).isEqualTo(slots);
    assertThat(wire.receive()).isZero();
    carry(wire, 0, 0);
    assertThat(wire.counter(Wire.SENT)).isEqualTo(slots);
    assertThat(wire.receive()).isEqualTo(1);
  }
}
