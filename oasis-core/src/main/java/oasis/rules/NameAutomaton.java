// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Many patterns in one automaton (Thompson's construction, determinised while names are looked up).
 * A look-up that meets known states costs one array access per character, whatever the number of
 * patterns. An unknown step costs at most one visit per node of the patterns; the states found are
 * kept up to a cap and then forgotten all at once, so that neither patterns nor names can make it
 * exponential in time or memory.
 *
 * <p>Safe for any thread: known steps take no lock, since a state's fields are final and an entry
 * of its table is either empty or such a state; unknown steps are made under this object's lock.
 */
final class NameAutomaton {
  /** Decides which rules match when a name is over; called once per kept state. */
  @FunctionalInterface
  interface Decider {
    /**
     * The rules that match, in ascending order.
     *
     * @param accepted by pattern, whether it matches the name
     */
    int[] rules(boolean[] accepted);
  }

  /** A set of nodes. */
  private static final class State {
    final int[] nodes;
    final @Nullable State[] next = new @Nullable State[NameSymbols.COUNT];
    volatile int @Nullable [] rules;

    State(int[] nodes) {
      this.nodes = nodes;
    }
  }

  /** The nodes of a state as a key of the map. */
  private static final class Key {
    final int[] nodes;
    private final int hash;

    Key(int[] nodes) {
      this.nodes = nodes;
      hash = Arrays.hashCode(nodes);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key && Arrays.equals(nodes, key.nodes);
    }
  }

  /** Memory of kept states, counted as their nodes plus their tables: about 16 MB of ints. */
  private static final int MAX_KEPT_INTS = 4 << 20;

  private final NameNodes nodes;
  private final Decider decider;
  private final int maxKeptInts;

  private final Map<Key, State> states = new HashMap<>();
  private final NodeSet set;
  private final State root;
  private int keptInts;

  /** Compiles patterns; their indices are what the decider sees. */
  NameAutomaton(List<NamePattern> patterns, Decider decider) {
    this(patterns, decider, MAX_KEPT_INTS);
  }

  /** As the other constructor, with another cap. */
  NameAutomaton(List<NamePattern> patterns, Decider decider, int maxKeptInts) {
    this.nodes = new NameNodes();
    patterns.forEach(nodes::add);
    nodes.trim();
    this.decider = decider;
    this.maxKeptInts = maxKeptInts;
    this.set = new NodeSet(nodes);
    set.clear();
    set.addStarts(true);
    this.root = new State(set.toArray());
  }

  /** The rules that match a name, in ascending order; not to be changed. */
  int[] match(String name) {
    State state = root;
    for (int i = 0; i < name.length(); i++) {
      int symbol = NameSymbols.of(name.charAt(i));
      State next = state.next[symbol];
      state = next != null ? next : step(state, symbol);
    }
    int[] rules = state.rules;
    return rules != null ? rules : decide(state);
  }

  /** Number of nodes of the patterns. */
  int nodes() {
    return nodes.count;
  }

  /** Number of states kept now, for tests. */
  synchronized int keptStates() {
    return states.size();
  }

  private synchronized State step(State from, int symbol) {
    set.clear();
    long bit = 1L << symbol;
    for (int node : from.nodes) {
      set.addStep(node, bit);
    }
    set.addStarts(false);
    Key key = new Key(set.toArray());
    State state = states.get(key);
    if (state == null) {
      state = keep(key);
    }
    from.next[symbol] = state;
    return state;
  }

  private State keep(Key key) {
    int ints = key.nodes.length + NameSymbols.COUNT;
    if (keptInts + ints > maxKeptInts) {
      states.clear();
      Arrays.fill(root.next, null);
      keptInts = 0;
    }
    keptInts += ints;
    State state = new State(key.nodes);
    states.put(key, state);
    return state;
  }

  private synchronized int[] decide(State state) {
    set.clear();
    for (int node : state.nodes) {
      set.addAtEnd(node, state == root);
    }
    int[] rules = decider.rules(set.accepted());
    state.rules = rules;
    return rules;
  }
}
