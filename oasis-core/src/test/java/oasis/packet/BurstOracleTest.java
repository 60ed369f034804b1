// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.IpPacket;
import org.pcap4j.packet.IpSelector;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;

class BurstOracleTest {
  @Test
  void aValidPacketIsReadAsTheReferenceReadsIt() {
    Gen.cases(
        2000,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          int before = gen.below(40);
          int padding = gen.below(30);
          ByteBuffer b = ByteBuffer.allocateDirect(before + p.length + padding).put(before, p);
          Burst burst = new Burst();
          assertThat(burst.check(b, 0, before, p.length + padding)).isNull();
          assertThat(burst.version()).isEqualTo(Slow.version(p));
          assertThat(burst.protocol()).isEqualTo(Slow.protocol(p));
          assertThat(burst.start()).isEqualTo(before);
          assertThat(burst.transport()).isEqualTo(before + Slow.transport(p));
          assertThat(burst.length()).isEqualTo(p.length);
          assertThat(burst.segments()).isEqualTo(1);
          assertThat(burst.pieces()).isEqualTo(1);
          assertThat(Slow.bytes(burst)).isEqualTo(p);
        });
  }

  @Test
  void fieldsAndKeysAgreeWithPcap4j() {
    Gen.cases(
        500,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          // pcap4j parses options and extension headers, of which ours are noise.
          random.ipOptions = new byte[0];
          random.extensions = new byte[0];
          random.tcpOptions = new byte[0];
          byte[] p = random.build();
          Burst b = new Burst();
          assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
          FlowKey key = new FlowKey().of(b);
          IpPacket theirs = (IpPacket) IpSelector.newPacket(p, 0, p.length);
          IpPacket.IpHeader ip = theirs.getHeader();
          assertThat(Addresses.text(key.srcHi, key.srcLo))
              .isEqualTo(text(ip.getSrcAddr().getAddress()));
          assertThat(Addresses.text(key.dstHi, key.dstLo))
              .isEqualTo(text(ip.getDstAddr().getAddress()));
          assertThat(key.protocol()).isEqualTo(ip.getProtocol().value() & 0xff);
          if (theirs instanceof IpV4Packet v4) {
            assertThat(Ip.ttl(b.buffer(), 0)).isEqualTo(v4.getHeader().getTtlAsInt());
            assertThat(Ip.tos(b.buffer(), 0)).isEqualTo(v4.getHeader().getTos().value() & 0xff);
            assertThat(Ip.id4(b.buffer(), 0)).isEqualTo(v4.getHeader().getIdentificationAsInt());
            assertThat(v4.getHeader().hasValidChecksum(false)).isTrue();
          }
          TcpPacket tcp = theirs.get(TcpPacket.class);
          UdpPacket udp = theirs.get(UdpPacket.class);
          if (tcp != null) {
            assertThat(key.sport()).isEqualTo(tcp.getHeader().getSrcPort().valueAsInt());
            assertThat(key.dport()).isEqualTo(tcp.getHeader().getDstPort().valueAsInt());
            assertThat(Tcp.seq(b.buffer(), b.transport()))
                .isEqualTo(tcp.getHeader().getSequenceNumber());
            assertThat(tcp.hasValidChecksum(ip.getSrcAddr(), ip.getDstAddr(), false)).isTrue();
          } else if (udp != null) {
            assertThat(key.sport()).isEqualTo(udp.getHeader().getSrcPort().valueAsInt());
            assertThat(key.dport()).isEqualTo(udp.getHeader().getDstPort().valueAsInt());
            assertThat(udp.hasValidChecksum(ip.getSrcAddr(), ip.getDstAddr(), true)).isTrue();
          } else {
            assertThat(key.sport()).isEqualTo(Slow.u16(p, Slow.transport(p) + 4));
            assertThat(key.dport()).isEqualTo(key.sport());
          }
        });
  }

  private static String text(byte[] address) {
    ByteBuffer b = ByteBuffer.wrap(address);
    return address.length == 4
        ? Addresses.text(0, Addresses.v4(b.getInt(0)))
        : Addresses.text(b.getLong(0), b.getLong(8));
  }
}
