// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import org.jspecify.annotations.Nullable;

/**
 * ICMP errors about the packets of sessions (RFC 5508 section 4), translated by the packet that
 * they quote and limited in rate. They neither keep sessions alive nor end them, and their type and
 * code stay. Confined to one thread.
 */
final class NatErrors {
  /** Each way; the kernel's default for the errors it makes is the same. */
  private static final int PER_SECOND = 1000;

  private static final int AT_ONCE = 50;
  private static final int NONE = -1;

  private final NatTable table;
  private final FlowKey key = new FlowKey();
  private final FlowKey inner = new FlowKey();
  private final RateLimit out = new RateLimit(PER_SECOND, AT_ONCE);
  private final RateLimit in = new RateLimit(PER_SECOND, AT_ONCE);
  private @Nullable DropReason lastDrop;

  NatErrors(NatTable table) {
    this.table = table;
  }

  /**
   * An error about a packet that we brought to a client, as when its port is closed (RFC 5508
   * section 4.2), which goes to that packet's sender and nobody else. The quoted packet gets back
   * the destination under which the remote end sent it, which is also the new source (REQ-5c).
   */
  @Nullable DropReason outbound(Burst b, int client, long nowNs) {
    if (b.fragment()) {
      return DropReason.FRAGMENT;
    }
    if (!Icmp.isPathError(b) || !IcmpInner.read(b, key)) {
      return DropReason.UNSUPPORTED_PROTOCOL;
    }
    if (key.srcHi != Ip.dstHi(b.buffer(), b.start())
        || key.srcLo != Ip.dstLo(b.buffer(), b.start())) {
      return DropReason.NO_FLOW;
    }
    NatEngine.onePort(key, false);
    int protocol = key.protocol();
    int mapping = table.mappingInside(client, protocol, key.dstHi, key.dstLo, key.dport());
    if (mapping < 0
        || table.session(mapping, protocol, key.srcHi, key.srcLo, key.sport(), nowNs) < 0) {
      return DropReason.NO_FLOW;
    }
    DropReason why = refuses(b, out, nowNs);
    if (why == null) {
      int external = table.external(mapping);
      long hi = table.addresses.hi(NatAddresses.slot(external));
      long lo = table.addresses.lo(NatAddresses.slot(external));
      IcmpInner.destination(b, hi, lo, NatAddresses.port(external));
      Rewrite.source(b, hi, lo, 0);
    }
    return why;
  }

  /**
   * An error about a packet that we sent for a client (RFC 5508 section 4.1). The quoted packet
   * gets back the source under which the client sent it; the sender of the error, any router on the
   * way, stays.
   *
   * @param slot of the address that the error came to
   * @return the client, or -1: then {@link #lastDrop} says why
   */
  int inbound(Burst b, int slot, long nowNs) {
    lastDrop = null;
    if (!IcmpInner.read(b, key)
        || key.srcHi != table.addresses.hi(slot)
        || key.srcLo != table.addresses.lo(slot)
        || !PortAllocator.hasPorts(key.protocol())) {
      return NONE;
    }
    NatEngine.onePort(key, true);
    int protocol = key.protocol();
    int mapping = table.mappingOutside(slot, protocol, key.sport());
    if (mapping < 0) {
      return NONE;
    }
    if (!Icmp.isPathError(b)) {
      lastDrop = DropReason.UNSUPPORTED_PROTOCOL;
    } else if (b.fragment()) {
      lastDrop = DropReason.FRAGMENT;
    } else if (table.session(mapping, protocol, key.dstHi, key.dstLo, key.dport(), nowNs) < 0) {
      lastDrop = DropReason.NO_FLOW;
    } else {
      lastDrop = refuses(b, in, nowNs);
    }
    if (lastDrop != null) {
      return NONE;
    }
    table.inner(mapping, inner);
    IcmpInner.source(b, inner.srcHi, inner.srcLo, inner.sport());
    Rewrite.destination(b, inner.srcHi, inner.srcLo, 0);
    return (int) inner.dstLo;
  }

  /** RFC 5508 REQ-3: not with a wrong checksum, its own or that of the quoted IP header. */
  private static @Nullable DropReason refuses(Burst b, RateLimit limit, long nowNs) {
    if (!Checksum.isGood(b) || !IcmpInner.headerIsGood(b)) {
      return DropReason.BAD_CHECKSUM;
    }
    return limit.allows(nowNs) ? null : DropReason.RATE_LIMITED;
  }

  /** Why {@link #inbound} returned -1; null when the error is about none of our packets. */
  @Nullable DropReason lastDrop() {
    return lastDrop;
  }

  /** Writes how many errors went by of late. */
  void write(StateWriter state) {
    state.section("errors");
    out.write(state);
    in.write(state);
  }

  /** Goes on from there. */
  void restore(StateReader state) throws StateException {
    state.section("errors");
    out.restore(state);
    in.restore(state);
  }
}
