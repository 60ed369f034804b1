// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteBuffer;

/** Runs programs of {@link BpfAssembler} on IP packets, as slowly as can be read. */
final class BpfInterpreter {
  private static final int NET = -0x100000;
  private static final int AD = -0x1000;

  /** What the kernel knows about a packet beside its bytes. */
  record Meta(int etherType, int packetType, int ifIndex, int hardwareType, int vlan) {
    /** As it comes in for this host by Ethernet, without a VLAN tag. */
    static Meta of(ByteBuffer ip) {
      return new Meta(ip.get(0) >> 4 == 4 ? 0x800 : 0x86dd, 0, 2, 1, -1);
    }
  }

  private BpfInterpreter() {}

  /** Whether the program takes the packet. A load beyond the packet ends it, as in the kernel. */
  static boolean takes(long[] program, ByteBuffer ip, Meta meta) {
    try {
      return run(program, ip, meta);
    } catch (IndexOutOfBoundsException e) {
      return false;
    }
  }

  private static boolean run(long[] program, ByteBuffer ip, Meta meta) {
    int a = 0;
    int x = 0;
    for (int pc = 0; ; pc++) {
      int k = (int) (program[pc] >>> 32);
      switch ((int) program[pc] & 0xffff) {
        case 0x20 -> a = k >= AD ? ancillary(k - AD, meta) : ip.getInt(k - NET);
        case 0x28 -> a = ip.getShort(k - NET) & 0xffff;
        case 0x30 -> a = ip.get(k - NET) & 0xff;
        case 0x48 -> a = ip.getShort(x + k - NET) & 0xffff;
        case 0x50 -> a = ip.get(x + k - NET) & 0xff;
        case 0x01 -> x = k;
        case 0xb1 -> x = (ip.get(k - NET) & 15) * 4;
        case 0x05 -> pc += k;
        case 0x06 -> {
          return k != 0;
        }
        default -> pc += jump(program[pc], a, k);
      }
    }
  }

  private static int jump(long instruction, int a, int k) {
    boolean test =
        switch ((int) instruction & 0xffff) {
          case 0x15 -> a == k;
          case 0x25 -> Integer.compareUnsigned(a, k) > 0;
          case 0x35 -> Integer.compareUnsigned(a, k) >= 0;
          case 0x45 -> (a & k) != 0;
          default -> throw new AssertionError("instruction " + Long.toHexString(instruction));
        };
    return (int) (instruction >>> (test ? 16 : 24)) & 0xff;
  }

  private static int ancillary(int which, Meta meta) {
    return switch (which) {
      case 0 -> meta.etherType();
      case 4 -> meta.packetType();
      case 8 -> meta.ifIndex();
      case 28 -> meta.hardwareType();
      case 44 -> meta.vlan() & 0xffff;
      case 48 -> meta.vlan() < 0 ? 0 : 1;
      default -> throw new AssertionError("ancillary " + which);
    };
  }
}
