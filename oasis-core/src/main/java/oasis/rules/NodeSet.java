// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.Arrays;

/**
 * A set of automaton nodes under construction, closed over the nodes that read no character. Reused
 * for every step; confined to whoever holds the automaton's lock.
 */
final class NodeSet {
  private final NameNodes nodes;
  private final int[] seen;
  private final int[] stack;
  private final int[] members;
  private final boolean[] accepted;
  private final int[] floating;
  private final int[] anchored;
  private int round;
  private int size;

  NodeSet(NameNodes nodes) {
    this.nodes = nodes;
    seen = new int[nodes.count];
    // A node is pushed once: when it is first seen.
    stack = new int[nodes.count];
    members = new int[nodes.count];
    accepted = new boolean[nodes.patterns];
    floating = nodes.starts(false);
    anchored = nodes.starts(true);
  }

  void clear() {
    size = 0;
    round++;
    if (round == 0) {
      Arrays.fill(seen, 0);
      round = 1;
    }
    Arrays.fill(accepted, false);
  }

  /** Adds the first nodes of the patterns that may begin here. */
  void addStarts(boolean atBegin) {
    for (int start : floating) {
      add(start, atBegin, false);
    }
    if (atBegin) {
      for (int start : anchored) {
        add(start, true, false);
      }
    }
  }

  /** Adds where a member of the previous set goes with a character. */
  void addStep(int node, long bit) {
    if (nodes.kind[node] == NameNodes.ACCEPT) {
      // Found somewhere before: found for good.
      add(node, false, false);
    } else if ((nodes.mask[node] & bit) != 0) {
      add(nodes.out[node], false, false);
    }
  }

  /** Adds where a member gets when the name is over. */
  void addAtEnd(int node, boolean atBegin) {
    add(node, atBegin, true);
  }

  /** By pattern, whether it is accepted. */
  boolean[] accepted() {
    return accepted;
  }

  /** The members in ascending order, without those of patterns that are accepted already. */
  int[] toArray() {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      int node = members[i];
      if (!accepted[nodes.pattern[node]] || nodes.kind[node] == NameNodes.ACCEPT) {
        members[kept++] = node;
      }
    }
    int[] sorted = Arrays.copyOf(members, kept);
    Arrays.sort(sorted);
    return sorted;
  }

  private void add(int start, boolean atBegin, boolean atEnd) {
    int depth = push(start, 0);
    while (depth > 0) {
      int node = stack[--depth];
      switch (nodes.kind[node]) {
        case NameNodes.SPLIT -> {
          depth = push(nodes.out[node], depth);
          depth = push(nodes.otherOut[node], depth);
        }
        case NameNodes.BEGIN -> depth = atBegin ? push(nodes.out[node], depth) : depth;
        case NameNodes.END -> {
          members[size++] = node;
          depth = atEnd ? push(nodes.out[node], depth) : depth;
        }
        case NameNodes.ACCEPT -> {
          members[size++] = node;
          accepted[nodes.pattern[node]] = true;
        }
        default -> members[size++] = node;
      }
    }
  }

  private int push(int node, int depth) {
    if (seen[node] == round) {
      return depth;
    }
    seen[node] = round;
    stack[depth] = node;
    return depth + 1;
  }
}
