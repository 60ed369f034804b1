// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The nodes of a nondeterministic automaton for many patterns, in flat arrays (Thompson's
 * construction): a node reads a character, splits in two, asks for the name's beginning or end, or
 * accepts.
 */
final class NameNodes {
  static final byte CHARS = 0;
  static final byte SPLIT = 1;
  static final byte BEGIN = 2;
  static final byte END = 3;
  static final byte ACCEPT = 4;

  byte[] kind = new byte[64];
  long[] mask = new long[64];
  int[] out = new int[64];
  int[] otherOut = new int[64];
  int[] pattern = new int[64];
  int count;

  int patterns;

  /** By pattern: the node where it begins, and the first of its nodes, which lie side by side. */
  private int[] start = new int[16];

  private int[] first = new int[16];
  private boolean[] anchored = new boolean[16];

  /** Adds a pattern; its index, from 0. */
  int add(NamePattern added) {
    if (patterns + 1 >= start.length) {
      start = Arrays.copyOf(start, 2 * start.length);
      first = Arrays.copyOf(first, 2 * first.length);
      anchored = Arrays.copyOf(anchored, 2 * anchored.length);
    }
    anchored[patterns] = added.isAnchored();
    start[patterns] = compile(added, node(ACCEPT, 0, -1, -1));
    first[patterns + 1] = count;
    return patterns++;
  }

  /** Where a pattern begins. */
  int start(int which) {
    return start[which];
  }

  /** The first node of a pattern; that of the next is the end of its nodes. */
  int firstNode(int which) {
    return first[which];
  }

  /** Whether a pattern can only begin where the name begins. */
  boolean isAnchored(int which) {
    return anchored[which];
  }

  /** First nodes of all patterns that are anchored, or of all others. */
  int[] starts(boolean isAnchored) {
    return IntStream.range(0, patterns)
        .filter(which -> anchored[which] == isAnchored)
        .map(which -> start[which])
        .toArray();
  }

  /** Gives back memory that no node needs. */
  void trim() {
    resize(count);
  }

  /** Compiles a part so that a match of it goes on at {@code next}; returns its first node. */
  private int compile(NamePattern part, int next) {
    if (part instanceof NamePattern.Chars chars) {
      return node(CHARS, chars.mask(), next, -1);
    }
    if (part instanceof NamePattern.Begin) {
      return node(BEGIN, 0, next, -1);
    }
    if (part instanceof NamePattern.End) {
      return node(END, 0, next, -1);
    }
    if (part instanceof NamePattern.Repeat repeat) {
      return compileRepeat(repeat, next);
    }
    if (part instanceof NamePattern.Choice choice) {
      int first = -1;
      for (NamePattern one : choice.parts()) {
        int start = compile(one, next);
        first = first < 0 ? start : node(SPLIT, 0, first, start);
      }
      return first;
    }
    List<NamePattern> parts = ((NamePattern.Sequence) part).parts();
    int first = next;
    for (int i = parts.size() - 1; i >= 0; i--) {
      first = compile(parts.get(i), first);
    }
    return first;
  }

  private int compileRepeat(NamePattern.Repeat repeat, int next) {
    int first = next;
    int copies = repeat.min();
    if (repeat.max() == NamePattern.UNBOUNDED) {
      int loop = node(SPLIT, 0, -1, next);
      int body = compile(repeat.part(), loop);
      out[loop] = body;
      first = copies == 0 ? loop : body;
      copies = Math.max(0, copies - 1);
    } else {
      for (int i = repeat.min(); i < repeat.max(); i++) {
        first = node(SPLIT, 0, compile(repeat.part(), first), next);
      }
    }
    for (int i = 0; i < copies; i++) {
      first = compile(repeat.part(), first);
    }
    return first;
  }

  private int node(byte nodeKind, long nodeMask, int nodeOut, int nodeOther) {
    if (count == kind.length) {
      resize(count + (count >> 1));
    }
    kind[count] = nodeKind;
    mask[count] = nodeMask;
    out[count] = nodeOut;
    otherOut[count] = nodeOther;
    pattern[count] = patterns;
    return count++;
  }

  private void resize(int capacity) {
    kind = Arrays.copyOf(kind, capacity);
    mask = Arrays.copyOf(mask, capacity);
    out = Arrays.copyOf(out, capacity);
    otherOut = Arrays.copyOf(otherOut, capacity);
    pattern = Arrays.copyOf(pattern, capacity);
  }
}
