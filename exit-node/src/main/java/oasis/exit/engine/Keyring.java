// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.DropReason;
import oasis.packet.SealedRun;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a node's clients and peers, and how far each has come: counters and windows live as
 * long as the key is configured. Confined to the data loop.
 */
public final class Keyring implements SealedRun.Opener {
  private record Entry(SharedKey key, SharedKey.Role role, Sealer sealer, Unsealer unsealer) {}

  private final TrailerMac mac = new TrailerMac();

  // Sorted by number, beside their entries.
  private int[] ids = {};
  private Entry[] entries = {};

  /** True without keys: then no datagram has a trailer. */
  public boolean isEmpty() {
    return ids.length == 0;
  }

  /** How many keys there are. */
  public int size() {
    return ids.length;
  }

  /**
   * Sets the keys. One that stays, by whatever name, keeps its counter and window; datagrams by one
   * that is gone are refused from now on.
   *
   * @param keys with different numbers
   * @param asClient numbers of those by which this node seals as a client does
   * @param firstCounter of new keys: the wall clock, nanoseconds since 1970
   */
  public void set(List<SharedKey> keys, Set<Integer> asClient, long firstCounter) {
    Map<Integer, Entry> before = new HashMap<>();
    for (Entry entry : entries) {
      before.put(entry.key.id(), entry);
    }
    Entry[] next = new Entry[keys.size()];
    for (int i = 0; i < next.length; i++) {
      SharedKey key = keys.get(i);
      SharedKey.Role role =
          asClient.contains(key.id()) ? SharedKey.Role.CLIENT : SharedKey.Role.NODE;
      Entry known = before.get(key.id());
      next[i] =
          known != null && known.key.isSame(key) && known.role == role
              ? new Entry(key, role, known.sealer, known.unsealer)
              : new Entry(
                  key,
                  role,
                  new Sealer(key, role, firstCounter, mac),
                  new Unsealer(key, role, mac));
    }
    Arrays.sort(next, (a, b) -> Integer.compare(a.key.id(), b.key.id()));
    entries = next;
    ids = Arrays.stream(next).mapToInt(entry -> entry.key.id()).toArray();
  }

  @Override
  public int open(ByteBuffer b, int at, int bytes) {
    if (!Trailer.ends(b, at, bytes)) {
      return PLAIN;
    }
    int index = Arrays.binarySearch(ids, Trailer.keyId(b, at, bytes));
    DropReason why = index < 0 ? DropReason.BAD_TAG : entries[index].unsealer.open(b, at, bytes);
    return why == null ? ids[index] : SealedRun.Opener.refused(why);
  }

  /** What seals for a key; null when there is no such key any more. */
  public @Nullable Sealer sealer(int keyId) {
    int index = Arrays.binarySearch(ids, keyId);
    return index < 0 ? null : entries[index].sealer;
  }

  /** What the operator calls a key; empty for none. Not for the packet path. */
  public String name(int keyId) {
    int index = Arrays.binarySearch(ids, keyId);
    return index < 0 ? "" : entries[index].key.name();
  }

  /** Writes what was taken of each key, so that no copy of it is taken by another process. */
  void write(StateWriter out) {
    out.section("keys");
    out.putInt((int) Arrays.stream(entries).filter(e -> e.unsealer.taken().length > 0).count());
    for (Entry entry : entries) {
      long[] taken = entry.unsealer.taken();
      if (taken.length > 0) {
        out.putInt(entry.key.id());
        for (long word : taken) {
          out.putLong(word);
        }
      }
    }
  }

  /** Goes on from there with the keys that are still configured. */
  void restore(StateReader in) throws StateException {
    in.section("keys");
    int count = in.takeInt("number of keys", 0, Integer.MAX_VALUE);
    for (int i = 0; i < count; i++) {
      int id = in.takeInt("key", Integer.MIN_VALUE, Integer.MAX_VALUE);
      long[] taken = new long[Unsealer.TAKEN_WORDS];
      for (int word = 0; word < taken.length; word++) {
        taken[word] = in.takeLong();
      }
      int index = Arrays.binarySearch(ids, id);
      if (index >= 0) {
        entries[index].unsealer.resume(taken);
      }
    }
  }
}
