// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.Arrays;

/**
 * Looks whether one pattern matches a name, by following all its states at once: the cost is at
 * most its nodes times the characters of the name, whatever the pattern. Reused for many names;
 * confined to one thread at a time.
 */
final class PatternRun {
  private final NameNodes nodes;

  /** By node of the pattern, the round in which it was last reached. */
  private int[] seen = new int[64];

  private int[] stack = new int[64];
  private int[] now = new int[64];
  private int[] then = new int[64];
  private int round;
  private int base;
  private int size;
  private boolean accepted;

  PatternRun(NameNodes nodes) {
    this.nodes = nodes;
  }

  /** Whether a pattern matches a name. */
  boolean matches(int pattern, String name) {
    begin(pattern);
    int start = nodes.start(pattern);
    boolean anchored = nodes.isAnchored(pattern);
    int length = name.length();
    reach(start, true, length == 0);
    for (int i = 0; i < length && !accepted; i++) {
      if (size == 0 && anchored) {
        return false;
      }
      int[] from = then;
      int count = size;
      then = now;
      now = from;
      size = 0;
      nextRound();
      boolean last = i == length - 1;
      long bit = 1L << NameSymbols.of(name.charAt(i));
      for (int at = 0; at < count; at++) {
        if ((nodes.mask[from[at]] & bit) != 0) {
          reach(nodes.out[from[at]], false, last);
        }
      }
      if (!anchored) {
        reach(start, false, last);
      }
    }
    return accepted;
  }

  private void begin(int pattern) {
    base = nodes.firstNode(pattern);
    int count = nodes.firstNode(pattern + 1) - base;
    if (count > seen.length) {
      seen = new int[count];
      stack = new int[count];
      now = new int[count];
      then = new int[count];
      round = 0;
    }
    size = 0;
    accepted = false;
    nextRound();
  }

  private void nextRound() {
    if (++round == 0) {
      Arrays.fill(seen, 0);
      round = 1;
    }
  }

  /** Adds a node, and those that follow without a character, to the members. */
  private void reach(int node, boolean atBegin, boolean atEnd) {
    int depth = push(node, 0);
    while (depth > 0) {
      int top = stack[--depth];
      switch (nodes.kind[top]) {
        case NameNodes.SPLIT -> {
          depth = push(nodes.out[top], depth);
          depth = push(nodes.otherOut[top], depth);
        }
        case NameNodes.BEGIN -> depth = atBegin ? push(nodes.out[top], depth) : depth;
        case NameNodes.END -> depth = atEnd ? push(nodes.out[top], depth) : depth;
        case NameNodes.ACCEPT -> accepted = true;
        default -> then[size++] = top;
      }
    }
  }

  private int push(int node, int depth) {
    if (seen[node - base] == round) {
      return depth;
    }
    seen[node - base] = round;
    stack[depth] = node;
    return depth + 1;
  }
}
