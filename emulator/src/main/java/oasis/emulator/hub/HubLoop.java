// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import java.util.List;
import java.util.function.BooleanSupplier;

/** The turns of the hub: send what is due, read what came, wait. Confined to one thread. */
final class HubLoop {
  /** With no more wires than this, trying all is cheaper than asking which are ready. */
  private static final int FEW = 4;

  /** What reading a batch takes at most on an unhurried machine. */
  private static final long READING_NS = 50_000;

  private final Wire[] wires;
  private final KernelClock clock;
  private final Pacer pacer;
  private final long lazyNs;

  /**
   * @param wires to carry
   * @param clock of the wires
   * @param wakeUp a descriptor that becomes readable when the loop has to end
   * @param lazyNs how long packets may stay unread while others wait to be sent, 0 = not at all
   */
  HubLoop(List<Wire> wires, KernelClock clock, int wakeUp, long lazyNs) {
    this.wires = wires.toArray(Wire[]::new);
    this.clock = clock;
    int[] descriptors = new int[this.wires.length + 1];
    for (int i = 0; i < this.wires.length; i++) {
      descriptors[i] = this.wires[i].inputSocket();
    }
    descriptors[this.wires.length] = wakeUp;
    pacer = new Pacer(descriptors, lazyNs);
    this.lazyNs = lazyNs;
  }

  void run(BooleanSupplier stop) {
    long emptiedNs = System.nanoTime();
    while (!stop.getAsBoolean()) {
      clock.refresh(System.nanoTime());
      for (Wire wire : wires) {
        wire.forward();
      }
      long now = System.nanoTime();
      // Between packets that are due one after the other, reading would delay the sending.
      if ((now - emptiedNs >= lazyNs || nextDueNs() - now > READING_NS) && readUntilDue()) {
        emptiedNs = now;
      }
      long next = nextDueNs();
      if (next == SendQueue.NEVER) {
        pacer.await();
      } else {
        pacer.awaitUntil(next);
      }
    }
  }

  /**
   * Reads while whole batches come, unless something has to be sent.
   *
   * @return whether nothing is left to read
   */
  private boolean readUntilDue() {
    int most;
    do {
      most = 0;
      boolean all = wires.length <= FEW;
      if (!all) {
        pacer.look();
      }
      for (int i = 0; i < wires.length; i++) {
        if (all || pacer.ready(i)) {
          most = Math.max(most, wires[i].receive());
        }
      }
    } while (most == SendQueue.BATCH && nextDueNs() > System.nanoTime());
    return most < SendQueue.BATCH;
  }

  private long nextDueNs() {
    long next = SendQueue.NEVER;
    for (Wire wire : wires) {
      next = Math.min(next, wire.nextDueNs());
    }
    return next;
  }
}
