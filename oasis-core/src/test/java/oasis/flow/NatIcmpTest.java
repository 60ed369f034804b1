// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** What RFC 5508 asks of ICMP. */
class NatIcmpTest extends NatRig {
  private static final String ROUTER = "198.51.100.7";

  private static FlowKey echo(int id, String to) {
    return Packets.key(Ip.ICMP, HOST, id, to, id);
  }

  private int ping(int id, String to) {
    return key(sent(Packets.echo(echo(id, to), true, 1), 1)).sport();
  }

  private int pong(String from, int id) {
    FlowKey key = Packets.key(Ip.ICMP, from, id, EXTERNAL, id);
    return nat.inbound(burst(Packets.echo(key, false, 1)), now);
  }

  @Test
  void anIdentifierDoesNotDependOnTheHostThatIsAsked() {
    int id = ping(7, REMOTE);
    assertThat(ping(7, ROUTER)).isEqualTo(id);
    assertThat(pong(REMOTE, id)).isEqualTo(1);
    assertThat(pong(ROUTER, id)).isEqualTo(1);
  }

  @Test
  void aQueryIsAnsweredForSixtySeconds() {
    int id = ping(7, REMOTE);
    now += 60 * SECOND - 1;
    assertThat(pong(REMOTE, id)).isEqualTo(1);
    now += 60 * SECOND;
    assertThat(pong(REMOTE, id)).isEqualTo(-1);
    expireAll();
    assertThat(nat.mappings()).as("ends with its last session").isZero();
  }

  @Test
  void queriesFromOutsideAreNotOurs() {
    int id = ping(7, REMOTE);
    FlowKey key = Packets.key(Ip.ICMP, REMOTE, id, EXTERNAL, id);
    assertThat(nat.inbound(burst(Packets.echo(key, true, 1)), now)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isNull();
  }

  @Test
  void anErrorWithAWrongChecksumIsDropped() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    ByteBuffer error = error(ROUTER, EXTERNAL, 3, 1, about);
    error.put(27, (byte) (error.get(27) ^ 1));
    assertThat(nat.inbound(burst(error), now)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.BAD_CHECKSUM);
  }

  @Test
  void anErrorThatQuotesAWrongHeaderChecksumIsDropped() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    about[8]++;
    assertThat(nat.inbound(burst(error(ROUTER, EXTERNAL, 3, 1, about)), now)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.BAD_CHECKSUM);
  }

  @Test
  void theQuotedTransportChecksumIsNotLookedAt() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    about[26] ^= 0x55;
    assertThat(nat.inbound(burst(error(ROUTER, EXTERNAL, 3, 1, about)), now)).isEqualTo(1);
  }

  @Test
  void optionsOfTheQuotedHeaderArePassedOver() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    ByteBuffer longer = ByteBuffer.allocateDirect(about.length + 4);
    longer.put(0, about, 0, 20).putInt(20, 0x01010101).put(24, about, 20, about.length - 20);
    longer.put(0, (byte) 0x46).putShort(2, (short) longer.capacity());
    Packets.fixHeader(longer);
    Burst b = burst(error(ROUTER, EXTERNAL, 3, 1, array(longer)));
    assertThat(nat.inbound(b, now)).isEqualTo(1);
    assertThat(b.buffer().getShort(b.transport() + 8 + 24)).as("port").isEqualTo((short) 5000);
    Packets.assertChecksums(bytes(b));
  }

  @Test
  void anErrorKeepsItsTypeCodeAndSender() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    for (int type : new int[] {3, 11, 12}) {
      for (int code = 0; code < 4; code++) {
        Burst b = burst(error(ROUTER, EXTERNAL, type, code, about));
        assertThat(nat.inbound(b, now)).isEqualTo(1);
        assertThat(b.buffer().get(b.transport())).isEqualTo((byte) type);
        assertThat(b.buffer().get(b.transport() + 1)).isEqualTo((byte) code);
        assertThat(key(b).srcLo).isEqualTo(Packets.key(Ip.UDP, ROUTER, 0, ROUTER, 0).srcLo);
      }
    }
  }

  @Test
  void aSourceQuenchIsDropped() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    assertThat(nat.inbound(burst(error(ROUTER, EXTERNAL, 4, 0, about)), now)).isEqualTo(-1);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.UNSUPPORTED_PROTOCOL);
  }

  @Test
  void errorsFromAnySourceAreTranslated() {
    byte[] about = bytes(sent(packet(udp(5000, REMOTE, 1), 0), 1));
    for (String from : new String[] {REMOTE, ROUTER, "10.9.9.9", "192.168.1.1"}) {
      assertThat(nat.inbound(burst(error(from, EXTERNAL, 11, 0, about)), now)).isEqualTo(1);
    }
  }

  @Test
  void anErrorAboutAQueryNeitherKeepsNorEndsItsSession() {
    Burst query = sent(Packets.echo(echo(7, REMOTE), true, 1), 1);
    int id = key(query).sport();
    byte[] about = bytes(query);
    now += 59 * SECOND;
    assertThat(nat.inbound(burst(error(ROUTER, EXTERNAL, 3, 1, about)), now)).isEqualTo(1);
    assertThat(pong(REMOTE, id)).as("not ended").isEqualTo(1);
    now += 59 * SECOND;
    assertThat(nat.inbound(burst(error(ROUTER, EXTERNAL, 3, 1, about)), now)).isEqualTo(1);
    now += SECOND;
    assertThat(pong(REMOTE, id)).as("not kept").isEqualTo(-1);
  }

  @Test
  void anErrorFromInsideLeavesWithTheAddressOfTheMapping() {
    int port = port(udp(5000, REMOTE, 1), 1, 0);
    FlowKey back = udp(5000, REMOTE, 1).reverse();
    Burst b = burst(error("10.0.0.254", REMOTE, 11, 0, array(Packets.udp(back, DATA))));
    assertThat(nat.outbound(b, 1, now)).isNull();
    assertThat(key(b).srcLo).isEqualTo(answer(Ip.UDP, REMOTE, 1, port).dstLo);
    Packets.assertChecksums(bytes(b));
  }

  @Test
  void anErrorFromInsideAboutNothingIsDropped() {
    byte[] about = array(Packets.udp(udp(5000, REMOTE, 1).reverse(), DATA));
    assertThat(nat.outbound(burst(error(HOST, REMOTE, 3, 3, about)), 1, now))
        .isEqualTo(DropReason.NO_FLOW);
  }
}
