// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.Arrays;
import java.util.List;

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

  /** First node of each pattern that can only begin where the name begins. */
  final int[] anchored;

  /** First node of each other pattern, which may begin at any character. */
  final int[] floating;

  final int patterns;

  private int current;

  NameNodes(List<NamePattern> patterns) {
    this.patterns = patterns.size();
    int[] starts = new int[patterns.size()];
    for (current = 0; current < starts.length; current++) {
      int accept = node(ACCEPT, 0, -1, -1);
      starts[current] = compile(patterns.get(current), accept);
    }
    boolean[] isAnchored = new boolean[starts.length];
    for (int i = 0; i < starts.length; i++) {
      isAnchored[i] = patterns.get(i).isAnchored();
    }
    anchored = select(starts, isAnchored, true);
    floating = select(starts, isAnchored, false);
  }

  private static int[] select(int[] starts, boolean[] isAnchored, boolean which) {
    int[] selected = new int[starts.length];
    int count = 0;
    for (int i = 0; i < starts.length; i++) {
      if (isAnchored[i] == which) {
        selected[count++] = starts[i];
      }
    }
    return Arrays.copyOf(selected, count);
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
      int capacity = 2 * count;
      kind = Arrays.copyOf(kind, capacity);
      mask = Arrays.copyOf(mask, capacity);
      out = Arrays.copyOf(out, capacity);
      otherOut = Arrays.copyOf(otherOut, capacity);
      pattern = Arrays.copyOf(pattern, capacity);
    }
    kind[count] = nodeKind;
    mask[count] = nodeMask;
    out[count] = nodeOut;
    otherOut[count] = nodeOther;
    pattern[count] = current;
    return count++;
  }
}
