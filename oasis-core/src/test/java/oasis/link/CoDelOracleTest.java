// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Compares with the pseudo-code of RFC 8289 section 5, written down as it stands there. */
class CoDelOracleTest {
  private static final long MS = 1_000_000;

  private record Packet(int id, int bytes, long sinceNs) {}

  /** RFC 8289 section 5.2 to 5.6; names are its own. */
  private static final class Reference {
    final ArrayDeque<Packet> queue = new ArrayDeque<>();
    final List<Integer> dropped = new ArrayList<>();
    private long firstAboveTime;
    private long dropNext;
    private int count;
    private int lastcount;
    private boolean dropping;
    private boolean okToDrop;
    private int maxpacket;

    void enqueue(Packet p) {
      queue.add(p);
      maxpacket = Math.max(maxpacket, p.bytes);
    }

    private @Nullable Packet dodequeue(long now) {
      @Nullable Packet p = queue.poll();
      okToDrop = false;
      if (p == null) {
        firstAboveTime = 0;
        return null;
      }
      long sojourn = now - p.sinceNs;
      int bytes = queue.stream().mapToInt(Packet::bytes).sum();
      if (sojourn < 5 * MS || bytes <= maxpacket) {
        firstAboveTime = 0;
      } else if (firstAboveTime == 0) {
        firstAboveTime = now + 100 * MS;
      } else if (now >= firstAboveTime) {
        okToDrop = true;
      }
      return p;
    }

    private static long controlLaw(long t, int count) {
      return t + (long) (100 * MS / Math.sqrt(count));
    }

    int dequeue(long now) {
      @Nullable Packet p = dodequeue(now);
      if (dropping) {
        if (!okToDrop) {
          dropping = false;
        }
        while (p != null && now >= dropNext && dropping) {
          dropped.add(p.id);
          ++count;
          p = dodequeue(now);
          if (!okToDrop) {
            dropping = false;
          } else {
            dropNext = controlLaw(dropNext, count);
          }
        }
      } else if (p != null && okToDrop) {
        dropped.add(p.id);
        p = dodequeue(now);
        dropping = true;
        int delta = count - lastcount;
        count = 1;
        if (delta > 1 && now - dropNext < 16 * 100 * MS) {
          count = delta;
        }
        dropNext = controlLaw(now, count);
        lastcount = count;
      }
      return p == null ? -1 : p.id;
    }
  }

  /** One queue as CoDel sees it. */
  private static final class Queue implements CoDel.Fifo {
    final ArrayDeque<Integer> waiting = new ArrayDeque<>();
    final List<Packet> all = new ArrayList<>();
    final List<Integer> dropped = new ArrayList<>();
    final List<Integer> marked = new ArrayList<>();
    boolean markable;
    private int largest;

    void add(Packet p) {
      all.add(p);
      waiting.add(p.id);
      largest = Math.max(largest, p.bytes);
    }

    @Override
    public int pop(int queue) {
      Integer id = waiting.poll();
      return id == null ? -1 : id;
    }

    @Override
    public long sinceNs(int packet) {
      return all.get(packet).sinceNs;
    }

    @Override
    public long bytes(int queue) {
      return waiting.stream().mapToLong(id -> all.get(id).bytes).sum();
    }

    @Override
    public int largest(int queue) {
      return largest;
    }

    @Override
    public void drop(int packet) {
      dropped.add(packet);
    }

    @Override
    public boolean mark(int packet) {
      if (markable) {
        marked.add(packet);
      }
      return markable;
    }
  }

  @Test
  void itDropsWhatTheRfcDrops() {
    Gen.cases(
        60,
        gen -> {
          Queue queue = new Queue();
          CoDel codel = new CoDel(1, queue);
          Reference reference = new Reference();
          long now = 1_000 * MS;
          double load = 0.5 + gen.unit();
          for (int i = 0; i < 3000; i++) {
            now += gen.range(0, 2 * MS);
            load = gen.chance(0.01) ? 0.3 + 1.2 * gen.unit() : load;
            if (gen.unit() * 1.5 < load && queue.waiting.size() < 150) {
              Packet p = new Packet(queue.all.size(), gen.range(40, 1500), now);
              queue.add(p);
              reference.enqueue(p);
            }
            if (gen.chance(0.6)) {
              assertThat(codel.next(0, now)).isEqualTo(reference.dequeue(now));
              assertThat(queue.dropped).isEqualTo(reference.dropped);
            }
          }
        });
  }

  @Test
  void aPacketThatMayBeMarkedIsNeverDropped() {
    Queue queue = new Queue();
    queue.markable = true;
    CoDel codel = new CoDel(1, queue);
    long now = 0;
    int sent = 0;
    for (int i = 0; i < 5000; i++) {
      now += MS;
      queue.add(new Packet(i, 1000, now));
      if (i % 2 == 0) {
        assertThat(codel.next(0, now)).isEqualTo(sent++);
      }
    }
    assertThat(queue.dropped).isEmpty();
    assertThat(queue.marked).hasSizeGreaterThan(20);
  }
}
