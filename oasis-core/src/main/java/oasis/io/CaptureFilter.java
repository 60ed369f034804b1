// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.util.ArrayList;
import java.util.List;

/**
 * Assembles the classic BPF program that decides in the kernel which packets a capture socket gets
 * (Linux Documentation/networking/filter.rst). The network header is addressed by SKF_NET_OFF, so
 * the program does not depend on the link header.
 *
 * <p>Taken is what came in for this host on an interface that is neither loopback nor ours, to one
 * of its addresses: TCP and UDP to a port of the range, ICMP echo replies with an identifier of the
 * range, and ICMP errors; of fragments only the first.
 */
final class CaptureFilter {
  /** Most addresses a filter knows. */
  static final int MAX_ADDRESSES = 8;

  private static final int NET = -0x100000; // SKF_NET_OFF
  private static final int AD = -0x1000; // SKF_AD_OFF
  private static final int AD_PROTOCOL = AD;
  private static final int AD_PKTTYPE = AD + 4;
  private static final int AD_IFINDEX = AD + 8;
  private static final int AD_HATYPE = AD + 28;

  private static final int LD_W_ABS = 0x20;
  private static final int LD_H_ABS = 0x28;
  private static final int LD_B_ABS = 0x30;
  private static final int LD_H_IND = 0x48;
  private static final int LD_B_IND = 0x50;
  private static final int LDX_B_MSH = 0xb1;
  private static final int JA = 0x05;
  private static final int JEQ = 0x15;
  private static final int JGT = 0x25;
  private static final int JGE = 0x35;
  private static final int JSET = 0x45;
  private static final int RET = 0x06;

  private static final int ETH_P_IP = 0x800;
  private static final int ARPHRD_LOOPBACK = 772;
  private static final int WHOLE_PACKET = 0x40000;

  /** Where a jump goes: bound to the next instruction by {@link #here}. */
  private static final class Label {
    int at = -1;
  }

  private record Instruction(int code, int k, Label yes, Label no) {}

  private final List<Instruction> program = new ArrayList<>();
  private final Label next = new Label(); // never bound: falls through

  private CaptureFilter() {}

  /**
   * Assembles a filter.
   *
   * @param addresses the host's own IPv4 addresses in their low 32 bits, at most 8
   * @param ownInterface index of the interface that is ours, or 0
   * @return one long for each instruction, in the layout of {@code struct sock_filter} on a
   *     little-endian host
   */
  static long[] assemble(long[] addresses, int firstPort, int lastPort, int ownInterface) {
    if (addresses.length > MAX_ADDRESSES) {
      throw new IllegalArgumentException(
          "a capture filter takes at most " + MAX_ADDRESSES + " addresses");
    }
    CaptureFilter f = new CaptureFilter();
    f.build(addresses, firstPort, lastPort, ownInterface);
    return f.encode();
  }

  private void build(long[] addresses, int firstPort, int lastPort, int ownInterface) {
    Label drop = new Label();
    Label range = new Label();
    Label icmp = new Label();
    Label take = new Label();
    load(LD_W_ABS, AD_PROTOCOL);
    jump(JEQ, ETH_P_IP, next, drop);
    load(LD_W_ABS, AD_PKTTYPE);
    jump(JEQ, 0, next, drop); // PACKET_HOST
    load(LD_W_ABS, AD_IFINDEX);
    jump(JEQ, ownInterface, drop, next);
    load(LD_W_ABS, AD_HATYPE);
    jump(JEQ, ARPHRD_LOOPBACK, drop, next);
    Label ours = new Label();
    load(LD_W_ABS, NET + 16);
    for (long address : addresses) {
      jump(JEQ, (int) address, ours, next);
    }
    jumpTo(drop);
    here(ours);
    load(LD_H_ABS, NET + 6);
    jump(JSET, 0x1fff, drop, next); // later fragments have no ports
    load(LDX_B_MSH, NET); // X = bytes of the IP header
    load(LD_B_ABS, NET + 9);
    jump(JEQ, 1, icmp, next);
    Label ports = new Label();
    jump(JEQ, 6, ports, next);
    jump(JEQ, 17, ports, drop);
    here(ports);
    load(LD_H_IND, NET + 2);
    jumpTo(range);
    here(icmp);
    load(LD_B_IND, NET);
    jump(JEQ, 3, take, next); // destination unreachable
    jump(JEQ, 11, take, next); // time exceeded
    jump(JEQ, 12, take, next); // parameter problem
    jump(JEQ, 0, next, drop); // echo reply
    load(LD_H_IND, NET + 4);
    here(range);
    jump(JGE, firstPort, next, drop);
    jump(JGT, lastPort, drop, next);
    here(take);
    load(RET, WHOLE_PACKET);
    here(drop);
    load(RET, 0);
  }

  private void load(int code, int k) {
    program.add(new Instruction(code, k, next, next));
  }

  private void jump(int code, int k, Label yes, Label no) {
    program.add(new Instruction(code, k, yes, no));
  }

  private void jumpTo(Label label) {
    program.add(new Instruction(JA, 0, label, label));
  }

  private void here(Label label) {
    label.at = program.size();
  }

  private long[] encode() {
    long[] out = new long[program.size()];
    for (int i = 0; i < out.length; i++) {
      Instruction in = program.get(i);
      if (in.code == JA) {
        out[i] = word(JA, 0, 0, distance(i, in.yes));
      } else {
        out[i] = word(in.code, distance(i, in.yes), distance(i, in.no), in.k);
      }
    }
    return out;
  }

  private int distance(int from, Label to) {
    return to == next ? 0 : to.at - from - 1;
  }

  private static long word(int code, int yes, int no, int k) {
    return code | (long) yes << 16 | (long) no << 24 | (k & 0xffff_ffffL) << 32;
  }
}
