// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Exact names and suffixes ({@code *.edu}): a trie over the labels from the right, kept as one hash
 * table of its paths. A look-up hashes the name once from its end, probes at each dot and allocates
 * nothing. Immutable, safe for any thread.
 */
final class NameTable {
  /** A path of the trie and the rules that end there, in ascending order. */
  private static final class Entry {
    final String suffix;
    final int hash;
    final int[] exactRules;
    final int[] suffixRules;

    Entry(String suffix, int hash, int[] exactRules, int[] suffixRules) {
      this.suffix = suffix;
      this.hash = hash;
      this.exactRules = exactRules;
      this.suffixRules = suffixRules;
    }
  }

  private final @Nullable Entry[] slots;

  /** Rules for all names: the path without labels. */
  private final int[] everyName;

  private NameTable(@Nullable Entry[] slots, int[] everyName) {
    this.slots = slots;
    this.everyName = everyName;
  }

  /** Collects the rules of a table. */
  static final class Builder {
    private final Map<String, List<Integer>> exact = new HashMap<>();
    private final Map<String, List<Integer>> suffixes = new HashMap<>();

    /** Adds a rule whose pattern is a name, {@code *}, or {@code *.} and a name; else false. */
    boolean add(String glob, int rule) {
      if (glob.startsWith("/")) {
        return false;
      }
      if (glob.equals("*")) {
        suffixes.computeIfAbsent("", suffix -> new ArrayList<>()).add(rule);
        return true;
      }
      boolean suffix = glob.startsWith("*.");
      String name = suffix ? glob.substring(2) : glob;
      if (!isName(name)) {
        return false;
      }
      (suffix ? suffixes : exact).computeIfAbsent(name, same -> new ArrayList<>()).add(rule);
      return true;
    }

    NameTable build() {
      Map<String, Entry> entries = new HashMap<>();
      for (String name : exact.keySet()) {
        entries.put(name, entry(name));
      }
      for (String name : suffixes.keySet()) {
        entries.put(name, entry(name));
      }
      Entry every = entries.remove("");
      int capacity = Integer.highestOneBit(Math.max(1, entries.size())) * 4;
      @Nullable Entry[] slots = new @Nullable Entry[capacity];
      for (Entry entry : entries.values()) {
        int slot = slot(entry.hash, capacity);
        while (slots[slot] != null) {
          slot = slot + 1 & capacity - 1;
        }
        slots[slot] = entry;
      }
      return new NameTable(slots, every == null ? new int[0] : every.suffixRules);
    }

    private Entry entry(String name) {
      int hash = 0;
      for (int i = name.length() - 1; i >= 0; i--) {
        hash = extend(hash, name.charAt(i));
      }
      return new Entry(name, hash, sorted(exact.get(name)), sorted(suffixes.get(name)));
    }

    private static int[] sorted(@Nullable List<Integer> rules) {
      return rules == null
          ? new int[0]
          : rules.stream().mapToInt(Integer::intValue).sorted().toArray();
    }
  }

  /** Whether a pattern is a name: without slashes and wildcards. */
  static boolean isName(String pattern) {
    return !pattern.isEmpty() && pattern.chars().noneMatch(c -> c == '/' || c == '*' || c == '?');
  }

  /** The first rule with index {@code from} and above that matches a name, or -1. */
  int match(String name, int from) {
    int best = first(everyName, from, -1);
    int hash = 0;
    for (int i = name.length() - 1; i >= 0; i--) {
      hash = extend(hash, name.charAt(i));
      if (i == 0 || name.charAt(i - 1) == '.') {
        Entry entry = find(name, i, hash);
        if (entry != null) {
          best = first(i == 0 ? entry.exactRules : entry.suffixRules, from, best);
        }
      }
    }
    return best;
  }

  private @Nullable Entry find(String name, int start, int hash) {
    int length = name.length() - start;
    int slot = slot(hash, slots.length);
    for (; ; ) {
      Entry entry = slots[slot];
      if (entry == null
          || (entry.hash == hash
              && entry.suffix.length() == length
              && name.startsWith(entry.suffix, start))) {
        return entry;
      }
      slot = slot + 1 & slots.length - 1;
    }
  }

  /**
   * The smaller of {@code best} and the first of {@code rules} from {@code from} on; -1 is none.
   */
  static int first(int[] rules, int from, int best) {
    if (rules.length == 0) {
      return best;
    }
    int at = rules[0] >= from ? 0 : Arrays.binarySearch(rules, from);
    at = at < 0 ? -at - 1 : at;
    if (at == rules.length) {
      return best;
    }
    return best < 0 ? rules[at] : Math.min(best, rules[at]);
  }

  private static int extend(int hash, char c) {
    return hash * 31 + c;
  }

  private static int slot(int hash, int capacity) {
    return (hash * 0x9e37_79b9 >>> 7) & capacity - 1;
  }
}
