// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import oasis.io.BpfInterpreter.Meta;
import oasis.packet.Address;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** The filter takes exactly what a plain reading of its rules takes. */
class CaptureFilterOracleTest {
  private static final Set<Integer> ERRORS4 = Set.of(3, 11, 12);

  private final List<Address> ours = new ArrayList<>();
  private int first;
  private int last;
  private int[] excluded = {};
  private boolean laterFragments;

  @Test
  void theFilterTakesWhatItsRulesSay() {
    int[] taken = new int[2];
    Gen.cases(
        20_000,
        gen -> {
          configure(gen);
          long[] program = CaptureFilter.assemble(ours, first, last, excluded, laterFragments);
          ByteBuffer p = packet(gen);
          Meta meta = meta(gen, p);
          boolean expected = expected(p, meta);
          assertThat(BpfInterpreter.takes(program, p, meta)).isEqualTo(expected);
          taken[expected ? 1 : 0]++;
        });
    assertThat(taken[1]).as("packets taken").isGreaterThan(2000);
    assertThat(taken[0]).as("packets not taken").isGreaterThan(2000);
  }

  private void configure(Gen gen) {
    ours.clear();
    for (int i = gen.below(CaptureFilter.MAX_ADDRESSES + 1); i > 0; i--) {
      ours.add(address(gen, gen.flip()));
    }
    first = gen.range(1, 65_535);
    last = gen.range(first, 65_535);
    laterFragments = gen.flip();
    excluded = IntStream.range(0, gen.pick(0, 1, 3, 400)).map(i -> gen.range(1, 900)).toArray();
  }

  private static Address address(Gen gen, boolean v4) {
    // Few values, so that words agree often.
    long hi = v4 ? 0 : 0x2001_0db8_0000_0000L | gen.below(2);
    long lo = v4 ? 0xffff_0a00_0000L | gen.below(40) : (long) gen.below(2) << 32 | gen.below(8);
    return new Address(hi, lo);
  }

  private ByteBuffer packet(Gen gen) {
    boolean v4 = gen.flip();
    Address to =
        ours.isEmpty() || gen.chance(0.3) ? address(gen, v4) : ours.get(gen.below(ours.size()));
    byte[] transport = gen.bytes(gen.chance(0.05) ? gen.below(8) : gen.range(8, 40));
    ByteBuffer t = ByteBuffer.wrap(transport);
    int protocol = gen.pick(6, 17, to.isV4() ? 1 : 58, gen.below(256));
    if (transport.length >= 8 && gen.chance(0.8)) {
      int port = gen.pick(first, last, first - 1, last + 1, gen.range(first, last));
      boolean icmp = protocol == 1 || protocol == 58;
      t.putShort(icmp ? 4 : 2, (short) port);
      if (icmp) {
        t.put(0, (byte) gen.pick(0, 129, gen.below(14), gen.below(256)));
      }
    }
    return to.isV4()
        ? packet4(gen, to, protocol, transport)
        : packet6(gen, to, protocol, transport);
  }

  private static ByteBuffer packet4(Gen gen, Address to, int protocol, byte[] transport) {
    int header = gen.chance(0.7) ? 20 : 4 * gen.range(5, 15);
    ByteBuffer b = ByteBuffer.allocate(header + transport.length);
    b.put(0, gen.bytes(header)).put(header, transport);
    b.put(0, (byte) (0x40 | header / 4)).put(9, (byte) protocol).putInt(16, (int) to.lo());
    int offset = gen.chance(0.8) ? 0 : gen.below(0x2000);
    return b.putShort(6, (short) (gen.below(8) << 13 | offset));
  }

  private static ByteBuffer packet6(Gen gen, Address to, int protocol, byte[] transport) {
    boolean fragment = gen.chance(0.3);
    int header = fragment ? 48 : 40;
    ByteBuffer b = ByteBuffer.allocate(header + transport.length);
    b.put(0, gen.bytes(header)).put(header, transport);
    b.put(0, (byte) 0x60).put(6, (byte) (fragment ? 44 : protocol));
    b.putLong(24, to.hi()).putLong(32, to.lo());
    if (fragment) {
      int offset = gen.flip() ? 0 : gen.below(0x2000);
      b.put(40, (byte) protocol).putShort(42, (short) (offset << 3 | gen.below(8)));
    }
    return b;
  }

  private Meta meta(Gen gen, ByteBuffer p) {
    Meta plain = Meta.of(p);
    if (gen.chance(0.7)) {
      return plain;
    }
    int index = excluded.length > 0 && gen.flip() ? gen.pick(excluded) : gen.range(1, 900);
    return new Meta(
        gen.chance(0.9) ? plain.etherType() : gen.below(65_536),
        gen.chance(0.8) ? 0 : gen.below(8),
        index,
        gen.pick(1, 1, 0xfffe, 772),
        gen.chance(0.8) ? -1 : gen.below(65_536));
  }

  private boolean expected(ByteBuffer p, Meta meta) {
    boolean here = meta.packetType() == 0 && meta.hardwareType() != 772;
    boolean untagged = meta.vlan() < 0 || (meta.vlan() & 0xfff) == 0;
    boolean seen = IntStream.of(excluded).noneMatch(i -> i == meta.ifIndex());
    if (!here || !untagged || !seen) {
      return false;
    }
    boolean v4 = p.get(0) >> 4 == 4;
    if (meta.etherType() == 0x800 && v4) {
      return expected4(p);
    }
    return meta.etherType() == 0x86dd && !v4 && expected6(p);
  }

  private boolean expected4(ByteBuffer p) {
    Address to = new Address(0, 0xffff_0000_0000L | p.getInt(16) & 0xffff_ffffL);
    boolean later = (p.getShort(6) & 0x1fff) != 0;
    int at = (p.get(0) & 15) * 4;
    return ours.contains(to) && (later ? laterFragments : transport(p, p.get(9) & 0xff, at, 1, 0));
  }

  private boolean expected6(ByteBuffer p) {
    if (!ours.contains(new Address(p.getLong(24), p.getLong(32)))) {
      return false;
    }
    int next = p.get(6) & 0xff;
    int at = 40;
    if (next == 44) {
      if ((p.getShort(42) & 0xffff) >> 3 != 0) {
        return laterFragments;
      }
      next = p.get(40) & 0xff;
      at = 48;
    }
    return transport(p, next, at, 58, 129);
  }

  private boolean transport(ByteBuffer p, int protocol, int at, int icmp, int echoReply) {
    if (protocol == icmp && p.capacity() > at) {
      int type = p.get(at) & 0xff;
      if (icmp == 1 ? ERRORS4.contains(type) : type >= 1 && type <= 4) {
        return true;
      }
      return type == echoReply && inRange(p, at + 4);
    }
    return (protocol == 6 || protocol == 17) && inRange(p, at + 2);
  }

  private boolean inRange(ByteBuffer p, int at) {
    if (at + 2 > p.capacity()) {
      return false;
    }
    int port = p.getShort(at) & 0xffff;
    return port >= first && port <= last;
  }
}
