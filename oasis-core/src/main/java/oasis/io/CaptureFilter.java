// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.io.BpfAssembler.JEQ;
import static oasis.io.BpfAssembler.JGE;
import static oasis.io.BpfAssembler.JGT;
import static oasis.io.BpfAssembler.JSET;
import static oasis.io.BpfAssembler.LDX_B_MSH;
import static oasis.io.BpfAssembler.LDX_IMM;
import static oasis.io.BpfAssembler.LD_B_ABS;
import static oasis.io.BpfAssembler.LD_B_IND;
import static oasis.io.BpfAssembler.LD_H_ABS;
import static oasis.io.BpfAssembler.LD_H_IND;
import static oasis.io.BpfAssembler.LD_W_ABS;

import java.util.Arrays;
import java.util.List;
import oasis.io.BpfAssembler.Label;
import oasis.packet.Address;
import oasis.packet.Ip;

/**
 * The program that decides in the kernel which packets a capture socket gets. The network header is
 * addressed by SKF_NET_OFF, so the program does not depend on the link header.
 *
 * <p>Taken is what came in for this host on an interface that is neither loopback nor excluded, to
 * one of its addresses: TCP and UDP to a port of the range, ICMP and ICMPv6 echo replies with an
 * identifier of the range, and ICMP and ICMPv6 errors. Of fragments the first is taken, in IPv6
 * with the fragment header right behind the IPv6 header; later ones, which have no ports, are taken
 * whosever they are, or not at all. A packet with a VLAN tag is not taken: the kernel shows it
 * again, without the tag, on the VLAN's interface.
 */
final class CaptureFilter {
  /** Most addresses that a filter knows. */
  static final int MAX_ADDRESSES = 16;

  /** Most interfaces that a filter excludes. */
  static final int MAX_INTERFACES = 1024;

  private static final int NET = -0x100000; // SKF_NET_OFF
  private static final int AD = -0x1000; // SKF_AD_OFF
  private static final int AD_PROTOCOL = AD;
  private static final int AD_PKTTYPE = AD + 4;
  private static final int AD_IFINDEX = AD + 8;
  private static final int AD_HATYPE = AD + 28;
  private static final int AD_VLAN_TAG = AD + 44;
  private static final int AD_VLAN_TAG_PRESENT = AD + 48;

  private static final int ETH_P_IP = 0x800;
  private static final int ETH_P_IPV6 = 0x86dd;
  private static final int VLAN_ID = 0xfff; // tag 0 only carries a priority
  private static final int ARPHRD_LOOPBACK = 772;
  private static final int WHOLE_PACKET = 0x40000;
  private static final int FRAGMENT_HEADER = 44;
  private static final int ICMP6_ERRORS = 4; // types 1 to 4, RFC 4443

  /** Interfaces that one conditional jump can skip. */
  private static final int CHUNK = 200;

  private final BpfAssembler bpf = new BpfAssembler();
  private final Label next = bpf.next;
  private final Label drop = new Label();
  private final Label take = new Label();
  private final Label laterFragment;

  private final boolean loopback;

  private CaptureFilter(boolean laterFragments, boolean loopback) {
    laterFragment = laterFragments ? take : drop;
    this.loopback = loopback;
  }

  /**
   * Assembles a filter.
   *
   * @param addresses the host's own addresses, at most {@link #MAX_ADDRESSES}
   * @param excluded indexes of interfaces; those behind the first {@link #MAX_INTERFACES} are taken
   *     from like others, since that does less harm than no capture
   * @param laterFragments whether fragments without ports are taken
   * @return a program of {@link BpfAssembler}
   */
  static long[] assemble(
      List<Address> addresses,
      int firstPort,
      int lastPort,
      int[] excluded,
      boolean laterFragments) {
    return assemble(addresses, firstPort, lastPort, excluded, laterFragments, false);
  }

  /** The same for what this host sends to itself: packets of the loopback interface, no others. */
  static long[] assembleLoopback(List<Address> addresses, int firstPort, int lastPort) {
    return assemble(addresses, firstPort, lastPort, new int[0], false, true);
  }

  private static long[] assemble(
      List<Address> addresses,
      int firstPort,
      int lastPort,
      int[] excluded,
      boolean laterFragments,
      boolean loopback) {
    if (addresses.size() > MAX_ADDRESSES) {
      throw new IllegalArgumentException("a capture takes at most " + MAX_ADDRESSES + " addresses");
    }
    CaptureFilter f = new CaptureFilter(laterFragments, loopback);
    f.build(addresses, firstPort, lastPort);
    f.exclude(Arrays.copyOf(excluded, Math.min(excluded.length, MAX_INTERFACES)));
    return f.bpf.assemble();
  }

  private void build(List<Address> addresses, int firstPort, int lastPort) {
    cameInForThisHost();
    Label ip6 = new Label();
    Label transport = new Label();
    Label identifier = new Label();
    Label range = new Label();
    bpf.load(LD_W_ABS, AD_PROTOCOL);
    bpf.jump(JEQ, ETH_P_IP, next, ip6);
    ip4(addresses, transport, identifier);
    bpf.here(ip6);
    bpf.jump(JEQ, ETH_P_IPV6, next, drop);
    ip6(addresses, transport, identifier);
    bpf.here(transport); // accumulator: protocol, index: where its header begins
    Label ports = new Label();
    bpf.jump(JEQ, Ip.TCP, ports, next);
    bpf.jump(JEQ, Ip.UDP, ports, drop);
    bpf.here(ports);
    bpf.load(LD_H_IND, NET + 2);
    bpf.jumpTo(range);
    bpf.here(identifier);
    bpf.load(LD_H_IND, NET + 4);
    bpf.here(range);
    bpf.jump(JGE, firstPort, next, drop);
    bpf.jump(JGT, lastPort, drop, take);
    bpf.here(drop);
    bpf.take(0);
  }

  private void cameInForThisHost() {
    bpf.load(LD_W_ABS, AD_PKTTYPE);
    bpf.jump(JEQ, 0, next, drop); // PACKET_HOST
    bpf.load(LD_W_ABS, AD_HATYPE);
    bpf.jump(JEQ, ARPHRD_LOOPBACK, loopback ? next : drop, loopback ? drop : next);
    Label untagged = new Label();
    bpf.load(LD_W_ABS, AD_VLAN_TAG_PRESENT);
    bpf.jump(JEQ, 0, untagged, next);
    bpf.load(LD_W_ABS, AD_VLAN_TAG);
    bpf.jump(JSET, VLAN_ID, drop, next);
    bpf.here(untagged);
  }

  private void ip4(List<Address> addresses, Label transport, Label identifier) {
    Label ours = new Label();
    bpf.load(LD_W_ABS, NET + 16);
    for (Address address : addresses) {
      if (address.isV4()) {
        bpf.jump(JEQ, (int) address.lo(), ours, next);
      }
    }
    bpf.jumpTo(drop);
    bpf.here(ours);
    bpf.load(LD_H_ABS, NET + 6);
    bpf.jump(JSET, 0x1fff, laterFragment, next);
    bpf.load(LDX_B_MSH, NET); // bytes of the IP header
    bpf.load(LD_B_ABS, NET + 9);
    bpf.jump(JEQ, Ip.ICMP, next, transport);
    bpf.load(LD_B_IND, NET);
    bpf.jump(JEQ, 3, take, next); // destination unreachable
    bpf.jump(JEQ, 11, take, next); // time exceeded
    bpf.jump(JEQ, 12, take, next); // parameter problem
    bpf.jump(JEQ, 0, identifier, drop); // echo reply
  }

  private void ip6(List<Address> addresses, Label transport, Label identifier) {
    Label ours = new Label();
    for (Address address : addresses) {
      if (!address.isV4()) {
        is6(address, ours);
      }
    }
    bpf.jumpTo(drop);
    bpf.here(ours);
    Label known = new Label();
    bpf.load(LDX_IMM, Ip.V6_BYTES);
    bpf.load(LD_B_ABS, NET + 6);
    bpf.jump(JEQ, FRAGMENT_HEADER, next, known);
    bpf.load(LD_H_ABS, NET + Ip.V6_BYTES + 2);
    bpf.jump(JSET, 0xfff8, laterFragment, next);
    bpf.load(LDX_IMM, Ip.V6_BYTES + 8);
    bpf.load(LD_B_ABS, NET + Ip.V6_BYTES);
    bpf.here(known);
    bpf.jump(JEQ, Ip.ICMP6, next, transport);
    bpf.load(LD_B_IND, NET);
    bpf.jump(JEQ, 129, identifier, next); // echo reply
    bpf.jump(JEQ, 0, drop, next);
    bpf.jump(JGT, ICMP6_ERRORS, drop, take);
  }

  /** Compares the destination address word by word. */
  private void is6(Address address, Label ours) {
    Label other = new Label();
    long[] words = {address.hi() >>> 32, address.hi(), address.lo() >>> 32, address.lo()};
    // The last word first: it differs most between addresses of one host.
    for (int i = words.length - 1; i >= 0; i--) {
      bpf.load(LD_W_ABS, NET + 24 + 4 * i);
      bpf.jump(JEQ, (int) words[i], i == 0 ? ours : next, other);
    }
    bpf.here(other);
  }

  /** The list may be long, so it is gone through last, and only for packets to be taken. */
  private void exclude(int[] interfaces) {
    bpf.here(take);
    bpf.load(LD_W_ABS, AD_IFINDEX);
    for (int from = 0; from < interfaces.length; from += CHUNK) {
      Label excluded = new Label();
      Label on = new Label();
      for (int i = from; i < Math.min(from + CHUNK, interfaces.length); i++) {
        bpf.jump(JEQ, interfaces[i], excluded, next);
      }
      bpf.jumpTo(on);
      bpf.here(excluded);
      bpf.take(0);
      bpf.here(on);
    }
    bpf.take(WHOLE_PACKET);
  }
}
