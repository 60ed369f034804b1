// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.lang.management.ManagementFactory;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a benchmark holds of the heap, as a number beside its time: each operation sets it. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class HeapUse {
  private static final double MIB = 1 << 20;

  /** After a collection, MiB. */
  public double mib;

  /** What is in use now, MiB, after a collection. */
  static double now() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MIB;
  }
}
