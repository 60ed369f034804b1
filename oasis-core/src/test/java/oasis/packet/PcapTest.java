// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class PcapTest {
  private static PcapReader reader(byte[] file) throws IOException {
    return new PcapReader(new ByteArrayInputStream(file));
  }

  private static byte[] file(byte[]... packets) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PcapWriter writer = new PcapWriter(out, PcapWriter.RAW, 1 << 20)) {
      for (byte[] p : packets) {
        writer.write(ByteBuffer.wrap(p), 0, p.length, 1_700_000_000_123_456_789L);
      }
    }
    return out.toByteArray();
  }

  @Test
  void whatIsWrittenIsReadBack() {
    Gen.cases(
        50,
        gen -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          List<byte[]> packets = new ArrayList<>();
          List<Long> times = new ArrayList<>();
          try (PcapWriter writer = new PcapWriter(out, PcapWriter.ETHERNET, 1 << 20)) {
            for (int i = gen.below(20); i > 0; i--) {
              byte[] p = gen.bytes(gen.below(2000));
              long time = gen.range(0L, 0xffff_ffffL * 1_000_000_000L);
              ByteBuffer b = ByteBuffer.allocateDirect(p.length + 5).put(5, p);
              assertThat(writer.write(b, 5, p.length, time)).isTrue();
              packets.add(p);
              times.add(time);
            }
          }
          try (PcapReader reader = reader(out.toByteArray())) {
            assertThat(reader.linkType()).isEqualTo(PcapWriter.ETHERNET);
            for (int i = 0; i < packets.size(); i++) {
              assertThat(reader.next()).isTrue();
              assertThat(Slow.bytes(reader.packet(), 0, reader.length())).isEqualTo(packets.get(i));
              assertThat(reader.originalLength()).isEqualTo(reader.length());
              assertThat(reader.timeNs()).isEqualTo(times.get(i));
            }
            assertThat(reader.next()).isFalse();
          }
        });
  }

  @Test
  void aFullFileTakesNoMore() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PcapWriter writer = new PcapWriter(out, PcapWriter.RAW, 24 + 116 + 100)) {
      ByteBuffer p = ByteBuffer.allocate(100);
      assertThat(writer.write(p, 0, 100, 0)).isTrue();
      assertThat(writer.write(p, 0, 100, 0)).isFalse();
      assertThat(writer.leftOutPkts()).isEqualTo(1);
    }
    assertThat(out.size()).isEqualTo(140);
  }

  @Test
  void littleEndianFilesWithMicrosecondsAreRead() throws IOException {
    ByteBuffer file = ByteBuffer.allocate(24 + 16 + 3).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4).putLong(0).putInt(65_535);
    file.putInt(101).putInt(7).putInt(999_999).putInt(3).putInt(1500).put(new byte[] {1, 2, 3});
    PcapReader reader = reader(file.array());
    assertThat(reader.linkType()).isEqualTo(101);
    assertThat(reader.next()).isTrue();
    assertThat(reader.timeNs()).isEqualTo(7_999_999_000L);
    assertThat(reader.length()).isEqualTo(3);
    assertThat(reader.originalLength()).isEqualTo(1500);
    assertThat(reader.next()).isFalse();
  }

  @Test
  void aBadFileIsRefusedInOneLine() throws IOException {
    assertThatThrownBy(() -> reader(new byte[23])).hasMessageContaining("shorter than 24");
    assertThatThrownBy(() -> reader(new byte[24])).hasMessageContaining("magic");
    byte[] good = file(new byte[40]);
    byte[] huge = good.clone();
    Slow.put32(huge, 24 + 8, -1);
    assertThatThrownBy(() -> reader(huge).next())
        .hasMessage("packet 1 claims 4294967295 bytes, more than 262144");
    byte[] time = good.clone();
    Slow.put32(time, 24 + 4, 1_000_000_000);
    assertThatThrownBy(() -> reader(time).next()).hasMessageContaining("fraction");
    byte[] version = good.clone();
    version[5] = 3;
    assertThatThrownBy(() -> reader(version)).hasMessageContaining("version 3");
    byte[] cut = Arrays.copyOf(good, good.length - 1);
    assertThatThrownBy(() -> reader(cut).next()).hasMessage("capture file ends within packet 1");
    byte[] head = Arrays.copyOf(good, 30);
    assertThatThrownBy(() -> reader(head).next()).hasMessageContaining("header of packet 1");
  }

  @Test
  void noiseIsReadOrRefused() {
    Gen.cases(
        2000,
        gen -> {
          byte[] f = file(gen.bytes(gen.below(100)), gen.bytes(gen.below(100)));
          for (int i = gen.range(1, 5); i > 0; i--) {
            f[gen.below(f.length)] = (byte) gen.anyInt();
          }
          try (PcapReader reader = reader(f)) {
            while (reader.next()) {
              assertThat(reader.length()).isBetween(0, f.length);
            }
          } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
          }
        });
  }
}
