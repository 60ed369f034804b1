// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import oasis.rules.RuleSet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a name costs, by the number of {@link NameRules}: the one matcher of all rules, beside the
 * expressions of {@code java.util.regex} tried one after the other, as the paper's client did; and
 * what it costs to build the matcher. Everything has 256 MiB of heap.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(value = 1, jvmArgsAppend = "-Xmx256m")
public class NameLookup {
  /** A power of two; a name comes again only after so many others. */
  private static final int NAMES = 1 << 17;

  private static final long SEED = 4_710;

  /** Rules and names. */
  @State(Scope.Thread)
  public static class Input {
    @Param({"1", "100", "10000", "100000"})
    private int rules = 1;

    private NameRules made = new NameRules(1, SEED);
    private List<String> names = List.of();
    private int at;

    /** Makes them. */
    @Setup
    public void setUp() {
      made = new NameRules(rules, SEED);
      names = made.names(NAMES);
    }

    private String next() {
      return names.get(at++ & NAMES - 1);
    }
  }

  /** All rules as one matcher. */
  @State(Scope.Thread)
  public static class Matcher {
    private RuleSet set = RuleSet.EMPTY;
    private double mib;

    /** Builds it. */
    @Setup
    public void setUp(Input input) {
      set = RuleSet.compile(input.made.rules());
      mib = HeapUse.now();
    }
  }

  /** All rules one by one. */
  @State(Scope.Thread)
  public static class Expressions {
    private List<Pattern> list = List.of();

    /** Compiles them. */
    @Setup
    public void setUp(Input input) {
      list = input.made.expressions();
    }
  }

  /** One look-up; the heap holds the benchmark's names, too. */
  @Benchmark
  public int lookup(Input input, Matcher matcher, HeapUse heap) {
    heap.mib = matcher.mib;
    return matcher.set.matchName(input.next());
  }

  /** One look-up the paper's way. */
  @Benchmark
  public int sequential(Input input, Expressions expressions) {
    String name = input.next();
    for (int i = 0; i < expressions.list.size(); i++) {
      if (expressions.list.get(i).matcher(name).find()) {
        return i;
      }
    }
    return -1;
  }

  /** One build, in a virtual machine that has done two. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @Warmup(iterations = 2)
  @Measurement(iterations = 4)
  public RuleSet build(Input input) {
    return RuleSet.compile(input.made.rules());
  }
}
