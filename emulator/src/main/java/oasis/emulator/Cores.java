// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Processor cores of this machine that a node has to itself, as far as it and the kernel are
 * concerned: its programs run there, and there its devices receive. Without it a packet's whole way
 * through the other nodes, up to the program that gets it, is done in the system call of the one
 * that sends it, and counted as that one's work.
 *
 * @param list as in {@code 0}, {@code 0-2}, {@code 1,3-5}: ascending, as cpuset(7) writes it
 */
public record Cores(String list) {
  /** Numbers of cores are below this. */
  static final int MOST = 1024;

  private static final Pattern RANGE = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");
  private static final int BITS_PER_WORD = 32;

  public Cores {
    if (parse(list).cardinality() == 0) {
      throw new IllegalArgumentException("no cores");
    }
  }

  /**
   * The cores from one to another, both included.
   *
   * @throws IllegalArgumentException when they are not ascending, or more than 1024
   */
  public static Cores range(int first, int last) {
    return new Cores(first == last ? "" + first : first + "-" + last);
  }

  private static BitSet parse(String list) {
    BitSet cores = new BitSet();
    for (String part : list.split(",", -1)) {
      Matcher range = RANGE.matcher(part);
      int first = range.matches() ? Integer.parseInt(range.group(1)) : MOST;
      int last =
          range.matches() && range.group(2) != null ? Integer.parseInt(range.group(2)) : first;
      if (last >= MOST || first > last || first < cores.length()) {
        throw new IllegalArgumentException(
            "\"" + list + "\" is no list of cores such as 0 or 1,3-5, ascending and below " + MOST);
      }
      cores.set(first, last + 1);
    }
    return cores;
  }

  /** The highest core's number. */
  int highest() {
    return parse(list).length() - 1;
  }

  /** As a mask, as the kernel's {@code rps_cpus} takes it: words of 32 bits, the highest first. */
  String mask() {
    BitSet cores = parse(list);
    List<String> words = new ArrayList<>();
    for (int word = highest() / BITS_PER_WORD; word >= 0; word--) {
      long[] bits = cores.get(word * BITS_PER_WORD, (word + 1) * BITS_PER_WORD).toLongArray();
      words.add(String.format("%08x", bits.length == 0 ? 0 : bits[0]));
    }
    return String.join(",", words);
  }
}
