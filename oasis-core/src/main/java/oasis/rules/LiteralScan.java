// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds which of many strings occur in a name, in one pass over it (the automaton of Aho and
 * Corasick). Sealed, its nodes are numbered breadth first, so that the children of a node lie side
 * by side and one word tells them all; a step reads one word, and the nodes near the root, which
 * most names do not leave, share few cache lines. Filled by one thread, then sealed; sealed it is
 * immutable and safe for any thread.
 *
 * <pre>
 *  63  62                    42 41                                        0
 * +---+------------------------+-------------------------------------------+
 * | F | number of first child  | bit s: there is a child with symbol s     |
 * +---+------------------------+-------------------------------------------+
 * </pre>
 *
 * F says that a string ends at the node, or at one that it fails to.
 */
final class LiteralScan {
  /** Told about each string that occurs. */
  @FunctionalInterface
  interface Found {
    void found(int string);
  }

  /** Most nodes: what the number of a child has room for. */
  static final int MAX_NODES = 1 << 21;

  private static final int SYMBOLS = NameLiterals.END + 1;
  private static final long FOUND = 1L << 63;
  private static final int ROOT = 0;

  // While it is filled; by node in the order of their making.
  private final Map<String, Integer> numbers = new HashMap<>();
  private byte[] symbol = new byte[64];
  private int[] firstChild = new int[64];
  private int[] sibling = new int[64];
  private int[] ends = new int[64];
  private int nodes = 1;

  // Sealed; by node in breadth-first order.
  private long[] words = new long[0];

  /** The string that ends at a node plus one, or 0. */
  private int[] string = new int[0];

  /** The node of the longest other suffix. */
  private int[] fail = new int[0];

  /** The next node on the way of {@link #fail} at which a string ends, or the root. */
  private int[] nextFound = new int[0];

  /** The number of a string, from 0 in the order in which they are first added. */
  int add(String text) {
    Integer known = numbers.get(text);
    if (known != null) {
      return known;
    }
    int number = numbers.size();
    numbers.put(text, number);
    int node = ROOT;
    for (int i = 0; i < text.length(); i++) {
      node = child(node, text.charAt(i));
    }
    ends[node] = number + 1;
    return number;
  }

  /** The number of a string that has been added, or -1. */
  int number(String text) {
    return numbers.getOrDefault(text, -1);
  }

  /** Number of nodes. */
  int size() {
    return nodes;
  }

  private int child(int parent, char by) {
    for (int child = firstChild[parent]; child != ROOT; child = sibling[child]) {
      if (symbol[child] == by) {
        return child;
      }
    }
    if (nodes == symbol.length) {
      int capacity = nodes + (nodes >> 1);
      symbol = Arrays.copyOf(symbol, capacity);
      firstChild = Arrays.copyOf(firstChild, capacity);
      sibling = Arrays.copyOf(sibling, capacity);
      ends = Arrays.copyOf(ends, capacity);
    }
    int child = nodes++;
    symbol[child] = (byte) by;
    sibling[child] = firstChild[parent];
    firstChild[parent] = child;
    return child;
  }

  /** Ends the filling. */
  void seal() {
    words = new long[nodes];
    string = new int[nodes];
    fail = new int[nodes];
    nextFound = new int[nodes];
    int[] order = new int[nodes];
    int[] children = new int[SYMBOLS];
    int tail = 1;
    for (int node = 0; node < nodes; node++) {
      string[node] = ends[order[node]];
      long mask = 0;
      for (int c = firstChild[order[node]]; c != ROOT; c = sibling[c]) {
        children[symbol[c]] = c;
        mask |= 1L << symbol[c];
      }
      words[node] = mask | (long) tail << SYMBOLS;
      for (long rest = mask; rest != 0; rest &= rest - 1) {
        order[tail++] = children[Long.numberOfTrailingZeros(rest)];
      }
    }
    link();
    numbers.clear();
    symbol = new byte[0];
    firstChild = new int[0];
    sibling = new int[0];
    ends = new int[0];
  }

  /** Finds where each node fails to; parents come before their children. */
  private void link() {
    for (int parent = 0; parent < nodes; parent++) {
      long word = words[parent];
      int child = firstChild(word);
      for (long rest = mask(word); rest != 0; rest &= rest - 1) {
        int by = Long.numberOfTrailingZeros(rest);
        int at = fail[parent];
        int to = parent == ROOT ? ROOT : next(at, by);
        while (to == ROOT && at != ROOT) {
          at = fail[at];
          to = next(at, by);
        }
        fail[child] = to;
        nextFound[child] = string[to] != 0 ? to : nextFound[to];
        if (string[child] != 0 || nextFound[child] != ROOT) {
          words[child] |= FOUND;
        }
        child++;
      }
    }
  }

  private static long mask(long word) {
    return word & (1L << SYMBOLS) - 1;
  }

  private static int firstChild(long word) {
    return (int) ((word & ~FOUND) >>> SYMBOLS);
  }

  /** Where a node goes with a symbol, or the root for nowhere. */
  private int next(int node, int by) {
    long word = words[node];
    return (word >>> by & 1) == 0 ? ROOT : firstChild(word) + Long.bitCount(word & (1L << by) - 1);
  }

  /** Tells of each occurrence of a string in a name, in the order of their ends. */
  void scan(String name, Found found) {
    int node = step(ROOT, NameLiterals.BEGIN, found);
    for (int i = 0; i < name.length(); i++) {
      node = step(node, NameSymbols.of(name.charAt(i)), found);
    }
    step(node, NameLiterals.END, found);
  }

  private int step(int from, int by, Found found) {
    int at = from;
    int to = next(at, by);
    while (to == ROOT && at != ROOT) {
      at = fail[at];
      to = next(at, by);
    }
    if (words[to] < 0) {
      report(to, found);
    }
    return to;
  }

  private void report(int node, Found found) {
    for (int at = string[node] != 0 ? node : nextFound[node]; at != ROOT; at = nextFound[at]) {
      found.found(string[at] - 1);
    }
  }
}
