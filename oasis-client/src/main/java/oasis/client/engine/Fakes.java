// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.flow.FakePool;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * The fake addresses of both families behind one number for each: {@code entry << 1} of the IPv4
 * pool, {@code entry << 1 | 1} of the IPv6 one. A fake has the family of its real address. Confined
 * to the data loop.
 */
final class Fakes {
  /** No fake. */
  static final int NONE = -1;

  private final FakePool v4;
  private final FakePool v6;

  Fakes(FakePool v4, FakePool v6) {
    this.v4 = v4;
    this.v6 = v6;
  }

  /** Number of a fake address, or {@link #NONE} when it means nothing. */
  int find(long hi, long lo) {
    int entry = v4.find(hi, lo);
    if (entry >= 0) {
      return entry << 1;
    }
    entry = v6.find(hi, lo);
    return entry >= 0 ? entry << 1 | 1 : NONE;
  }

  /** Whether an address lies in one of the fake ranges, assigned or not. */
  boolean inRange(long hi, long lo) {
    return v4.inRange(hi, lo) || v6.inRange(hi, lo);
  }

  /** Name of a fake. */
  String name(int fake) {
    return pool(fake).name(fake >> 1);
  }

  /** Upper half of the real address of a fake. */
  long realHi(int fake) {
    return pool(fake).realHi(fake >> 1);
  }

  /** Lower half of the real address of a fake. */
  long realLo(int fake) {
    return pool(fake).realLo(fake >> 1);
  }

  /** Puts the real address of a fake in the place of a key's destination. */
  void toReal(int fake, FlowKey key) {
    key.dstHi = realHi(fake);
    key.dstLo = realLo(fake);
  }

  /** A flow begins to use a fake. */
  void hold(int fake, long nowNs) {
    pool(fake).hold(fake >> 1, nowNs);
  }

  /** A flow that held a fake ends. */
  void release(int fake, long nowNs) {
    pool(fake).release(fake >> 1, nowNs);
  }

  /** The pool of a family. */
  FakePool pool(boolean ipv4) {
    return ipv4 ? v4 : v6;
  }

  /** Fakes given out, both families. */
  int size() {
    return v4.size() + v6.size();
  }

  /** A snapshot of at most {@code limit} fakes. */
  List<FakeInfo> list(int limit) {
    List<FakeInfo> list = new ArrayList<>();
    for (FakePool pool : List.of(v4, v6)) {
      for (int i = 0; i < pool.size() && list.size() < limit; i++) {
        list.add(
            new FakeInfo(
                pool.name(i),
                Addresses.text(pool.fakeHi(), pool.fakeLo(i)),
                Addresses.text(pool.realHi(i), pool.realLo(i)),
                pool.holds(i)));
      }
    }
    return list;
  }

  /** Fakes that flows hold now. */
  int held() {
    return v4.held() + v6.held();
  }

  /** How often a name got no fake because none was free. */
  long exhausted() {
    return v4.exhausted() + v6.exhausted();
  }

  private FakePool pool(int fake) {
    return (fake & 1) == 0 ? v4 : v6;
  }
}
