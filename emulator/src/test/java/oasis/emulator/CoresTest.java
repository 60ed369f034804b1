// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CoresTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|00000001",
        "1,3-5|0000003a",
        "31|80000000",
        "32|00000001,00000000",
        "0-63|ffffffff,ffffffff",
        "0,70|00000040,00000000,00000001"
      })
  void theMaskIsWordsOf32BitsTheHighestFirst(String list, String mask) {
    assertThat(new Cores(list).mask()).isEqualTo(mask);
  }

  @Test
  void aRangeOfOneIsANumber() {
    assertThat(Cores.range(2, 2)).isEqualTo(new Cores("2"));
    assertThat(Cores.range(0, 1)).isEqualTo(new Cores("0-1"));
    assertThatThrownBy(() -> Cores.range(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a", "-1", "1-", "-", "2-1", "1,1", "3,2", "0-2,2", "1,,2", "1024", "0x1"})
  void aListThatIsNotAscendingNumbersIsRefused(String list) {
    assertThatThrownBy(() -> new Cores(list))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no list of cores such as 0 or 1,3-5");
  }

  @Test
  void everyMaskHasTheBitsOfItsList() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 200; i++) {
      BitSet cores = new BitSet();
      StringBuilder list = new StringBuilder();
      for (int next = random.nextInt(40); next < 200; next += 2 + random.nextInt(60)) {
        int last = next + random.nextInt(3);
        cores.set(next, last + 1);
        list.append(list.isEmpty() ? "" : ",").append(next);
        list.append(last == next ? "" : "-" + last);
        next = last;
      }
      BitSet masked = new BitSet();
      String[] words = new Cores(list.toString()).mask().split(",", -1);
      for (int word = 0; word < words.length; word++) {
        long bits = Long.parseLong(words[words.length - 1 - word], 16);
        for (int bit = 0; bit < 32; bit++) {
          masked.set(32 * word + bit, (bits >> bit & 1) == 1);
        }
      }
      assertThat(masked).as("seed %d, list %s", seed, list).isEqualTo(cores);
    }
  }
}
