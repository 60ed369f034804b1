// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import oasis.packet.SharedKey.Role;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class TrailerTest {
  private static final byte[] SECRET = new Gen(9).bytes(32);
  private static final SharedKey KEY = new SharedKey(7, SECRET, "alice");
  private static final FlowKey FLOW = Packets.key(Ip.UDP, "10.0.0.1", 5000, "10.0.0.2", 9);
  private static final long FIRST = 1_800_000_000_000_000_000L;

  private final TrailerMac mac = new TrailerMac();
  private final Sealer client = new Sealer(KEY, Role.CLIENT, FIRST, mac);
  private final Unsealer node = new Unsealer(KEY, Role.NODE, mac);

  private static byte[] hmac(byte[] key, byte[]... parts) throws Exception {
    Mac jdk = Mac.getInstance("HmacSHA256");
    jdk.init(new SecretKeySpec(key, "HmacSHA256"));
    for (byte[] part : parts) {
      jdk.update(part);
    }
    return jdk.doFinal();
  }

  /** A datagram as a sender makes it: the packet in two pieces, and its trailer. */
  private static ByteBuffer sealed(Sealer by, byte[] packet, int cut) {
    ByteBuffer memory = ByteBuffer.allocateDirect(packet.length + Trailer.BYTES);
    memory.put(0, packet);
    by.seal(memory, 0, cut, memory, cut, packet.length - cut, memory, packet.length);
    return memory;
  }

  @Test
  void theTagIsTheJdksHmacOfPacketAndRestOfTheTrailer() {
    Gen.cases(
        50,
        gen -> {
          byte[] secret = gen.bytes(32);
          int id = gen.range(1, Trailer.MAX_KEY_ID);
          long counter = gen.anyLong();
          Sealer sealer = new Sealer(new SharedKey(id, secret, ""), Role.NODE, counter, mac);
          byte[] packet = gen.bytes(gen.below(2_000));
          ByteBuffer datagram = sealed(sealer, packet, gen.below(packet.length + 1));
          byte[] rest = ByteBuffer.allocate(12).putInt(id).putLong(counter).array();
          byte[] key = hmac(secret, "oasis trailer 1 node".getBytes(StandardCharsets.US_ASCII));
          byte[] expected = Arrays.copyOf(hmac(key, packet, rest), 16);
          byte[] trailer = new byte[Trailer.BYTES];
          datagram.get(packet.length, trailer);
          assertThat(Arrays.copyOf(trailer, 12)).isEqualTo(rest);
          assertThat(Arrays.copyOfRange(trailer, 12, 28)).isEqualTo(expected);
        });
  }

  /** The example of docs/wire-interface.md. */
  @Test
  void theExampleOfTheSpecificationHolds() {
    byte[] secret = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f".repeat(2));
    Sealer sealer = new Sealer(new SharedKey(7, secret, ""), Role.CLIENT, 0x18fae27693b40000L, mac);
    ByteBuffer keepAlive = ByteBuffer.allocate(Trailer.BYTES);
    sealer.seal(keepAlive, 0);
    assertThat(HexFormat.of().formatHex(keepAlive.array()))
        .isEqualTo("0000000718fae27693b40000b213bfc34584400f5437a9ff8e66f97a");
  }

  @Test
  void aDatagramIsTakenOnce() {
    byte[] packet = bytes(Packets.udp(FLOW, new byte[100]));
    ByteBuffer datagram = sealed(client, packet, 28);
    assertThat(Trailer.ends(datagram, 0, datagram.capacity())).isTrue();
    assertThat(Trailer.keyId(datagram, 0, datagram.capacity())).isEqualTo(7);
    assertThat(node.open(datagram, 0, datagram.capacity())).isNull();
    assertThat(node.open(datagram, 0, datagram.capacity())).isEqualTo(DropReason.REPLAYED);
    ByteBuffer next = sealed(client, packet, 0);
    assertThat(node.open(next, 0, next.capacity())).isNull();
  }

  @Test
  void aChangedBitIsFoundWhereverItIs() {
    byte[] packet = bytes(Packets.udp(FLOW, new byte[40]));
    ByteBuffer datagram = sealed(client, packet, 28);
    for (int bit = 0; bit < datagram.capacity() * 8; bit++) {
      byte before = datagram.get(bit / 8);
      datagram.put(bit / 8, (byte) (before ^ 1 << bit % 8));
      assertThat(node.open(datagram, 0, datagram.capacity()))
          .as("bit %d", bit)
          .isEqualTo(DropReason.BAD_TAG);
      datagram.put(bit / 8, before);
    }
    assertThat(node.open(datagram, 0, datagram.capacity())).isNull();
  }

  @Test
  void whatOneEndSealsItDoesNotTakeItself() {
    Unsealer alsoClient = new Unsealer(KEY, Role.CLIENT, mac);
    ByteBuffer datagram = sealed(client, new byte[0], 0);
    assertThat(alsoClient.open(datagram, 0, Trailer.BYTES)).isEqualTo(DropReason.BAD_TAG);
    ByteBuffer answer = sealed(new Sealer(KEY, Role.NODE, 5, mac), new byte[0], 0);
    assertThat(alsoClient.open(answer, 0, Trailer.BYTES)).isNull();
    assertThat(node.open(answer, 0, Trailer.BYTES)).isEqualTo(DropReason.BAD_TAG);
  }

  @Test
  void aSenderThatBeginsAgainLaterIsTakenAndItsFormerDatagramsAreNot() {
    ByteBuffer old = sealed(client, new byte[0], 0);
    ByteBuffer fresh = sealed(new Sealer(KEY, Role.CLIENT, FIRST + 1_000_000_000, mac), SECRET, 0);
    assertThat(node.open(fresh, 0, fresh.capacity())).isNull();
    assertThat(node.open(old, 0, Trailer.BYTES)).isEqualTo(DropReason.REPLAYED);
  }

  @Test
  void onlyADatagramLongerThanItsPacketByATrailerHasOne() {
    byte[] four = bytes(Packets.udp(FLOW, new byte[0]));
    ByteBuffer plain = Packets.direct(four);
    assertThat(four).as("as long as a trailer").hasSize(Trailer.BYTES);
    assertThat(Trailer.ends(plain, 0, Trailer.BYTES)).isFalse();
    byte[] six = bytes(Packets.udp(Packets.key(Ip.UDP, "fd00::1", 1, "fd00::2", 2), new byte[9]));
    for (byte[] packet : new byte[][] {four, six}) {
      ByteBuffer padded = Packets.direct(Arrays.copyOf(packet, packet.length + Trailer.BYTES + 1));
      for (int more = 0; more <= Trailer.BYTES + 1; more++) {
        assertThat(Trailer.ends(padded, 0, packet.length + more))
            .as("%d bytes behind", more)
            .isEqualTo(more == Trailer.BYTES);
      }
    }
    Gen.cases(
        200,
        gen -> {
          int bytes = gen.below(100);
          ByteBuffer any = Packets.direct(gen.bytes(bytes));
          Trailer.ends(any, 0, bytes);
          assertThat(node.open(sealed(client, gen.bytes(bytes), 0), 0, bytes + 28)).isNull();
        });
  }

  @Test
  void aKeyReadsBackAndSaysWhatIsWrongWithoutItsSecret() {
    String hex = HexFormat.of().formatHex(SECRET);
    assertThat(SharedKey.parse(" 7 " + hex.toUpperCase(java.util.Locale.ROOT) + "\talice "))
        .isEqualTo(KEY);
    assertThat(KEY).hasToString("key 7 (alice)");
    assertThat(SharedKey.parse("7 " + hex)).isNotEqualTo(KEY).hasToString("key 7");
    for (String bad :
        new String[] {
          "",
          "7",
          "7 abc",
          "0 " + hex,
          "268435456 " + hex,
          "x " + hex,
          "7 " + hex + " a b",
          "7 " + hex + " né",
          "-1 " + hex,
          "9999999999 " + hex,
          "7 " + hex + "00"
        }) {
      assertThatThrownBy(() -> SharedKey.parse(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining(hex);
    }
  }

  @Test
  void sealingAndOpeningAllocateNothing() {
    byte[] packet = bytes(Packets.udp(FLOW, new byte[1_300]));
    ByteBuffer datagram = Packets.direct(Arrays.copyOf(packet, packet.length + Trailer.BYTES));
    NoAllocation.check(
        2_000,
        () -> {
          client.seal(datagram, 0, 28, datagram, 28, packet.length - 28, datagram, packet.length);
          if (node.open(datagram, 0, datagram.capacity()) != null) {
            throw new AssertionError("refused");
          }
        });
  }

  private static byte[] bytes(ByteBuffer packet) {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }
}
