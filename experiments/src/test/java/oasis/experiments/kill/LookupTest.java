// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LookupTest {
  private static final short ID = 0x1234;
  private static final String QUESTION = "01610474657374000001" + "0001";

  /** An alias, then the address of the name that it leads to. */
  private static final String ANSWER =
      "123481800001000200000000"
          + QUESTION
          + ("c00c0005000100000005" + "0004" + "0162c00e")
          + ("c00c0001000100000005" + "0004" + "cb007102");

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }

  @Test
  void aQueryHasOneQuestion() {
    assertThat(HexFormat.of().formatHex(Lookup.query(ID, "a.test", Lookup.A)))
        .isEqualTo("123401000001000000000000" + QUESTION);
  }

  @Test
  void theFirstAddressOfTheTypeIsTheAnswer() {
    assertThat(Lookup.address(bytes(ANSWER), ID, Lookup.A)).isEqualTo("203.0.113.2");
    assertThat(Lookup.address(bytes(ANSWER), ID, Lookup.AAAA)).isEmpty();
    assertThat(Lookup.address(bytes(ANSWER), (short) 1, Lookup.A)).as("another's").isEmpty();
    String failure = ANSWER.replaceFirst("8180", "8182");
    assertThat(Lookup.address(bytes(failure), ID, Lookup.A)).as("SERVFAIL").isEmpty();
  }

  @Test
  void whatIsBrokenIsNoAnswer() {
    byte[] whole = HexFormat.of().parseHex(ANSWER);
    for (int length = 0; length < whole.length; length++) {
      assertThat(Lookup.address(ByteBuffer.wrap(whole, 0, length).slice(), ID, Lookup.A)).isEmpty();
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 10_000; i++) {
      byte[] broken = whole.clone();
      for (int k = random.nextInt(1, 5); k > 0; k--) {
        broken[random.nextInt(4, broken.length)] = (byte) random.nextInt(256);
      }
      assertThat(Lookup.address(ByteBuffer.wrap(broken), ID, Lookup.A)).isNotNull();
    }
  }
}
