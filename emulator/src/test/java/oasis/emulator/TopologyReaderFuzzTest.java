// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** Whatever a file holds, the reader gives a topology or one line that names the file. */
class TopologyReaderFuzzTest {
  private static final List<String> PIECES =
      List.of(
          "<",
          ">",
          "\"",
          "&#10;",
          "&#x110000;",
          "<!DOCTYPE",
          "<![CDATA[",
          "<!--",
          "<?x",
          "]]>",
          "<end node=\"a\"/>",
          "<topology>",
          "xmlns=\"\"",
          "\u0000",
          "99999999999999999999",
          "0.0000000001ms",
          "/32");

  @Test
  void brokenDocumentsAreRefusedByOneLine() {
    Gen.cases(4_000, gen -> check(mutate(gen, TopologyReaderTest.GOOD.getBytes(UTF_8))));
  }

  @Test
  void brokenRolesAreRefusedByOneLine() {
    Gen.cases(300, gen -> check(mutate(gen, TopologyReaderTest.WITH_ROLES.getBytes(UTF_8))));
  }

  @Test
  void randomBytesAreRefusedByOneLine() {
    Gen.cases(1_000, gen -> check(gen.bytes(gen.range(0, 200))));
  }

  private static byte[] mutate(Gen gen, byte[] document) {
    byte[] bytes = document.clone();
    for (int i = gen.range(1, 4); i > 0; i--) {
      int at = gen.below(bytes.length);
      switch (gen.below(4)) {
        case 0 -> bytes[at] = (byte) gen.anyInt();
        case 1 -> bytes = splice(bytes, at, at, gen.pick(PIECES).getBytes(UTF_8));
        case 2 ->
            bytes = splice(bytes, at, Math.min(bytes.length, at + gen.below(60)), new byte[0]);
        default -> {
          int end = Math.min(bytes.length, at + gen.below(60));
          bytes = splice(bytes, gen.below(bytes.length), -1, slice(bytes, at, end));
        }
      }
      if (bytes.length == 0) {
        return bytes;
      }
    }
    return bytes;
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return java.util.Arrays.copyOfRange(bytes, from, to);
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] piece) {
    int end = to < 0 ? from : to;
    byte[] result = new byte[bytes.length - (end - from) + piece.length];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(piece, 0, result, from, piece.length);
    System.arraycopy(bytes, end, result, from + piece.length, bytes.length - end);
    return result;
  }

  private static void check(byte[] document) {
    try {
      assertThat(TopologyReader.parse("f.xml", document).nodes()).isNotEmpty();
    } catch (TopologyException e) {
      assertThat(e.getMessage()).startsWith("f.xml").doesNotContain("\n", "\r");
    }
  }
}
