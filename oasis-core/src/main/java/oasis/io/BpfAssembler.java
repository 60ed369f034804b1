// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.LinuxConstants;
import oasis.os.linux.Sys;

/**
 * Assembles classic BPF programs with labels (Linux Documentation/networking/filter.rst) and
 * attaches them to sockets. An instruction is a long in the layout of {@code struct sock_filter} on
 * a little-endian host: code 16 bits, jumps 8 bits each, operand 32 bits.
 */
final class BpfAssembler {
  static final int LD_W_ABS = 0x20;
  static final int LD_H_ABS = 0x28;
  static final int LD_B_ABS = 0x30;
  static final int LD_H_IND = 0x48;
  static final int LD_B_IND = 0x50;
  static final int LDX_IMM = 0x01;
  static final int LDX_B_MSH = 0xb1;
  static final int JEQ = 0x15;
  static final int JGT = 0x25;
  static final int JGE = 0x35;
  static final int JSET = 0x45;

  private static final int JA = 0x05;
  private static final int RET = 0x06;

  /** Bytes of {@code struct sock_fprog { unsigned short len; struct sock_filter *filter; }}. */
  private static final int FPROG_BYTES = 16;

  /** Farthest that a conditional jump goes forward; none goes back. */
  private static final int FARTHEST = 255;

  /** Where a jump goes: bound to the next instruction by {@link #here}. */
  static final class Label {
    private int at = -1;
  }

  private record Instruction(int code, int k, Label yes, Label no) {}

  /** Stands for the instruction that follows a jump. */
  final Label next = new Label();

  private final List<Instruction> program = new ArrayList<>();

  /** Adds a load into the accumulator or the index register. */
  void load(int code, int k) {
    program.add(new Instruction(code, k, next, next));
  }

  /** Adds a comparison of the accumulator with {@code k}, unsigned. */
  void jump(int code, int k, Label yes, Label no) {
    program.add(new Instruction(code, k, yes, no));
  }

  /** Adds a jump. */
  void jumpTo(Label label) {
    program.add(new Instruction(JA, 0, label, label));
  }

  /** Adds the end: the socket gets so many bytes of the packet, 0 for none of it. */
  void take(int bytes) {
    load(RET, bytes);
  }

  /** Binds a label to the instruction that comes next. */
  void here(Label label) {
    label.at = program.size();
  }

  /** The program. */
  long[] assemble() {
    long[] out = new long[program.size()];
    for (int i = 0; i < out.length; i++) {
      Instruction in = program.get(i);
      out[i] =
          in.code == JA
              ? word(JA, 0, 0, distance(i, in.yes))
              : word(in.code, near(i, in.yes), near(i, in.no), in.k);
    }
    return out;
  }

  private int near(int from, Label to) {
    int distance = distance(from, to);
    if (distance > FARTHEST) {
      throw new IllegalStateException("a jump over " + distance + " instructions");
    }
    return distance;
  }

  private int distance(int from, Label to) {
    return to == next ? 0 : to.at - from - 1;
  }

  private static long word(int code, int yes, int no, int k) {
    return code | (long) yes << 16 | (long) no << 24 | (k & 0xffff_ffffL) << 32;
  }

  /** A program in the form that the kernel takes it, for any number of sockets. */
  static Memory encode(long[] program) {
    Memory memory = Memory.allocate(FPROG_BYTES + 8 * program.length);
    var b = memory.buffer().order(ByteOrder.LITTLE_ENDIAN);
    b.putShort(0, (short) program.length);
    b.putLong(8, memory.address() + FPROG_BYTES);
    for (int i = 0; i < program.length; i++) {
      b.putLong(FPROG_BYTES + 8 * i, program[i]);
    }
    return memory;
  }

  /** Puts an encoded program before a socket, in place of one that may stand there. */
  static void attach(int fd, Memory encoded) throws OsException {
    Errno.check(tryAttach(fd, encoded), "setsockopt", "SO_ATTACH_FILTER");
  }

  /** As {@link #attach}; 0 or -errno. */
  static int tryAttach(int fd, Memory encoded) {
    return Sys.setsockopt(
        fd, LinuxConstants.SOL_SOCKET, LinuxConstants.SO_ATTACH_FILTER, encoded, FPROG_BYTES);
  }
}
