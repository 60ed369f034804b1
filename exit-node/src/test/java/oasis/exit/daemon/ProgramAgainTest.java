// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgramAgainTest {
  @Test
  void theSameWordsAreUsedAndTheOptionOnce() {
    byte[] line = "java\0-Xmx64m\0-cp\0a b\0Main\0run\0--tun\0\0".getBytes(UTF_8);
    assertThat(ProgramAgain.command(line))
        .containsExactly("java", "-Xmx64m", "-cp", "a b", "Main", "run", "--tun", "", "--replace");
    byte[] again = "java\0Main\0run\0--replace\0--open\0".getBytes(UTF_8);
    assertThat(ProgramAgain.command(again))
        .containsExactly("java", "Main", "run", "--replace", "--open");
  }
}
