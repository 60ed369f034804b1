// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A seeded generator of test input. {@link #cases} runs a property with many generators; when one
 * case fails, the failure names its seed, and {@code -Doasis.seed=SEED} (or the environment
 * variable {@code OASIS_SEED}) makes that case the first one of the next run. Without either, a run
 * always begins with the same seed, so that a build does not depend on luck.
 */
public final class Gen {
  private static final long DEFAULT_SEED = 4710;

  /**
   * Odd, so that the seeds of the cases never repeat; and not the step by which {@link
   * SplittableRandom} itself goes on, with which each case would be the one before it without its
   * first number.
   */
  private static final long STEP = 0xd1342543de82ef95L;

  private final long seed;
  private final SplittableRandom random;

  /** A property of one case, which may throw anything. */
  @FunctionalInterface
  public interface Property {
    /** Checks the property with input from {@code gen}. */
    void check(Gen gen) throws Exception;
  }

  /** A generator that gives the same values for the same seed on every JDK. */
  public Gen(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  /** The seed of a run: property {@code oasis.seed}, variable {@code OASIS_SEED}, or a constant. */
  public static long baseSeed() {
    String text = System.getProperty("oasis.seed", System.getenv("OASIS_SEED"));
    return text == null || text.isBlank() ? DEFAULT_SEED : Long.parseLong(text.strip());
  }

  /** Checks a property {@code count} times; the first failure is thrown with its seed. */
  public static void cases(int count, Property property) {
    long base = baseSeed();
    for (int i = 0; i < count; i++) {
      Gen gen = new Gen(base + i * STEP);
      try {
        property.check(gen);
      } catch (Exception | AssertionError | StackOverflowError e) {
        throw new AssertionError(
            "case " + i + " fails; repeat it with -Doasis.seed=" + gen.seed + ": " + e, e);
      }
    }
  }

  /** The seed that this generator began with. */
  public long seed() {
    return seed;
  }

  /** Any int. */
  public int anyInt() {
    return random.nextInt();
  }

  /** Any long. */
  public long anyLong() {
    return random.nextLong();
  }

  /** 0 up to but not including {@code bound}. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** {@code from} to {@code to}, both included. */
  public int range(int from, int to) {
    return (int) random.nextLong(from, to + 1L);
  }

  /** {@code from} to {@code to}, both included. */
  public long range(long from, long to) {
    if (to < Long.MAX_VALUE) {
      return random.nextLong(from, to + 1);
    }
    return from == Long.MIN_VALUE ? random.nextLong() : random.nextLong(from - 1, to) + 1;
  }

  /** True with the given probability. */
  public boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** True in half of the cases. */
  public boolean flip() {
    return random.nextBoolean();
  }

  /** A number of 0 up to but not including 1. */
  public double unit() {
    return random.nextDouble();
  }

  /** One element of a list. */
  public <T> T pick(List<T> values) {
    return values.get(below(values.size()));
  }

  /** One of the values. */
  public int pick(int... values) {
    return values[below(values.length)];
  }

  /** Random bytes. */
  public byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) random.nextInt();
    }
    return bytes;
  }

  /** Overwrites {@code count} bytes from {@code at} with random ones. */
  public void fill(ByteBuffer buffer, int at, int count) {
    for (int i = 0; i < count; i++) {
      buffer.put(at + i, (byte) random.nextInt());
    }
  }

  /**
   * A generator of its own, so that what it is used for does not shift later values of this one.
   */
  public Gen fork() {
    return new Gen(random.nextLong());
  }
}
