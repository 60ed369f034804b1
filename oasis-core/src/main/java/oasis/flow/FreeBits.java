// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;

/**
 * A set of the numbers 0 to n-1 from which the next member at or behind a start is taken in
 * constant time: a bitmap with a second bitmap that says which of its words are not empty.
 */
final class FreeBits {
  private final int length;
  private final long[] words;
  private final long[] summary;
  private int size;

  /** All numbers below {@code length} are members. */
  FreeBits(int length) {
    this.length = length;
    size = length;
    words = new long[(length >> 6) + 1];
    summary = new long[(words.length >> 6) + 1];
    fill(words, length);
    fill(summary, length + 63 >> 6);
  }

  private static void fill(long[] bits, int count) {
    Arrays.fill(bits, 0, count >> 6, -1L);
    bits[count >> 6] = (1L << count) - 1;
  }

  /** Members left. */
  int size() {
    return size;
  }

  /** Numbers it can hold. */
  int length() {
    return length;
  }

  /** Takes the first member at or behind {@code start}, else the first of all; -1 when empty. */
  int take(int start) {
    if (size == 0) {
      return -1;
    }
    int found = next(start);
    if (found < 0) {
      found = next(0);
    }
    remove(found);
    return found;
  }

  /** Takes a number below the length; false when it was no member. */
  boolean takeOnly(int number) {
    boolean member = (words[number >> 6] >>> number & 1) != 0;
    if (member) {
      remove(number);
    }
    return member;
  }

  private void remove(int member) {
    int word = member >> 6;
    words[word] &= ~(1L << member);
    if (words[word] == 0) {
      summary[word >> 6] &= ~(1L << word);
    }
    size--;
  }

  /** Puts a number back; false when it was a member already. */
  boolean put(int number) {
    int word = number >> 6;
    if ((words[word] >>> number & 1) != 0) {
      return false;
    }
    words[word] |= 1L << number;
    summary[word >> 6] |= 1L << word;
    size++;
    return true;
  }

  private int next(int from) {
    int word = from >> 6;
    long bits = words[word] & -1L << from;
    if (bits == 0) {
      word = nextWord(word + 1);
      if (word < 0) {
        return -1;
      }
      bits = words[word];
    }
    return word << 6 | Long.numberOfTrailingZeros(bits);
  }

  private int nextWord(int from) {
    long mask = -1L << from;
    for (int i = from >> 6; i < summary.length; i++) {
      long bits = summary[i] & mask;
      if (bits != 0) {
        return i << 6 | Long.numberOfTrailingZeros(bits);
      }
      mask = -1L;
    }
    return -1;
  }
}
