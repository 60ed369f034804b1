// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Address;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * What the reference model knows of the fakes of one family. It does not choose addresses; it says
 * which choices are wrong. When a fake was used last may be known by an interval only: a flow ends
 * at some moment while time passes, and a journal is coarse.
 */
final class ModelPool {
  private static final long HOUR_NS = 3_600 * EngineRig.SECOND_NS;

  /** Records hold whole seconds. */
  private static final long ROUNDING_NS = 2 * EngineRig.SECOND_NS;

  private final Prefix range;
  private final int capacity;
  private final Map<String, Fake> byAddress = new LinkedHashMap<>();

  /** How often an address came to mean something else. */
  int reused;

  /** One fake address and what it means. */
  static final class Fake {
    final String address;
    final String name;
    final String real;
    int holds;
    private long earliestNs;
    private long latestNs;

    Fake(String address, String name, String real) {
      this.address = address;
      this.name = name;
      this.real = real;
    }

    void used(long fromNs, long toNs) {
      earliestNs = fromNs;
      latestNs = toNs;
    }

    private boolean mayRest(long nowNs) {
      return holds == 0 && nowNs - earliestNs >= HOUR_NS - ROUNDING_NS;
    }

    private boolean mustBeFree(long nowNs) {
      return holds == 0 && nowNs - latestNs >= HOUR_NS;
    }
  }

  /**
   * @param capacity addresses of the range that may be given out
   */
  ModelPool(Prefix range, int capacity) {
    this.range = range;
    this.capacity = capacity;
  }

  boolean inRange(String address) {
    Address a = Address.parse(address);
    return range.contains(a.hi(), a.lo());
  }

  @Nullable Fake at(String address) {
    return byAddress.get(address);
  }

  @Nullable Fake of(String name, String real) {
    for (Fake fake : byAddress.values()) {
      if (fake.name.equals(name) && fake.real.equals(real)) {
        return fake;
      }
    }
    return null;
  }

  List<Fake> all() {
    return new ArrayList<>(byAddress.values());
  }

  int held() {
    return (int) byAddress.values().stream().filter(fake -> fake.holds > 0).count();
  }

  /** A program got this address for a name. */
  void given(String address, String name, String real, long nowNs) {
    Fake known = of(name, real);
    if (known != null) {
      assertThat(address).as("the fake of %s, %s", name, real).isEqualTo(known.address);
      known.used(nowNs, nowNs);
      return;
    }
    assertThat(inRange(address)).as("%s is no fake", address).isTrue();
    Fake before = byAddress.remove(address);
    if (before == null) {
      assertThat(byAddress.size()).as("room for another fake").isLessThan(capacity);
    } else {
      assertMayBeReused(before, nowNs);
      reused++;
    }
    Fake fake = new Fake(address, name, real);
    fake.used(nowNs, nowNs);
    byAddress.put(address, fake);
  }

  private void assertMayBeReused(Fake before, long nowNs) {
    assertThat(byAddress).as("unused fakes come first").hasSize(capacity - 1);
    assertThat(before.holds).as("%s is held", before.address).isZero();
    assertThat(before.mayRest(nowNs)).as("%s within an hour", before.address).isTrue();
    assertThat(byAddress.values())
        .as("%s is the one that was used least recently", before.address)
        .noneMatch(fake -> fake.holds == 0 && fake.latestNs < before.earliestNs);
  }

  /** A program got no fake for a name. */
  void refused(String name, String real, long nowNs) {
    assertThat(of(name, real)).as("there was a fake").isNull();
    assertThat(byAddress).as("the pool was not exhausted").hasSize(capacity);
    assertThat(byAddress.values()).noneMatch(fake -> fake.mustBeFree(nowNs));
  }

  /** The client was killed and began anew: no flow holds anything. */
  void restarted(long nowNs) {
    for (Fake fake : byAddress.values()) {
      fake.holds = 0;
      fake.latestNs = nowNs;
    }
  }
}
