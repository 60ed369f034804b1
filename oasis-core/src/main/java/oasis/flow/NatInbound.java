// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/** A {@link NatEngine}'s way from outside to its clients. Confined to one thread. */
final class NatInbound {
  private static final int NONE = -1;

  private final NatBehaviour.Filtering filtering;
  private final NatTable table;
  private final NatAddresses addresses;
  private final NatObserver observer;
  private final NatErrors errors;
  private final NatFragments fragments;
  private final FlowKey key = new FlowKey();
  private final FlowKey inner = new FlowKey();
  private @Nullable DropReason lastDrop;

  NatInbound(
      NatBehaviour.Filtering filtering,
      NatTable table,
      NatObserver observer,
      NatErrors errors,
      NatFragments fragments) {
    this.filtering = filtering;
    this.table = table;
    this.observer = observer;
    this.errors = errors;
    this.fragments = fragments;
    addresses = table.addresses;
  }

  /**
   * Translates a packet that came, or turned back, to one of our addresses.
   *
   * @param from client whose packet turned back, or -1
   * @return the client it goes to, or -1: then {@link #lastDrop} says why
   */
  int receive(Burst b, int from, long nowNs) {
    lastDrop = null;
    int slot = addresses.find(Ip.dstHi(b.buffer(), b.start()), Ip.dstLo(b.buffer(), b.start()));
    if (slot < 0) {
      return NONE;
    }
    if (b.laterFragment()) {
      return receiveLater(b, from, nowNs);
    }
    if (Icmp.isError(b)) {
      int client = errors.inbound(b, slot, nowNs);
      return client < 0 ? drop(errors.lastDrop()) : client;
    }
    if (!NatEngine.hasPorts(b) && !Icmp.isEchoReply(b)) {
      return NONE;
    }
    NatEngine.onePort(key.of(b), false);
    int protocol = key.protocol();
    int mapping = table.mappingOutside(slot, protocol, key.dport());
    if (mapping < 0) {
      return NONE;
    }
    int flags = Tcp.flags(b);
    int session = table.session(mapping, protocol, key.srcHi, key.srcLo, key.sport(), nowNs);
    if (session < 0) {
      // The one whose time was up may have been the mapping's last.
      mapping = table.mappingOutside(slot, protocol, key.dport());
      session = mapping < 0 ? NONE : admit(mapping, from, flags, nowNs);
    }
    if (session < 0) {
      return drop(lastDrop == null ? DropReason.NO_FLOW : lastDrop);
    }
    table.inner(mapping, inner);
    if (b.fragment()) {
      noteInbound(b, session, from, nowNs);
    }
    table.seen(session, false, flags, b, nowNs);
    Rewrite.destination(b, inner.srcHi, inner.srcLo, inner.sport());
    return (int) inner.dstLo;
  }

  private void noteInbound(Burst b, int session, int from, long nowNs) {
    int id = b.fragmentId();
    int datagram = fragments.note(b, NONE, session, table.beganNs(session), id, nowNs);
    if (from < 0) {
      fragments.release(datagram);
    }
  }

  /** A session for a stranger whom filtering lets in, or -1. */
  private int admit(int mapping, int from, int flags, long nowNs) {
    int protocol = key.protocol();
    boolean begins = protocol == Ip.UDP || protocol == Ip.TCP && Tcp.isFirst(flags);
    boolean admitted =
        from >= 0 && from == table.clientOf(mapping)
            || table.admits(filtering, mapping, protocol, key.srcHi, key.srcLo);
    if (!begins || !admitted) {
      return NONE;
    }
    if (from < 0) {
      // Else a stranger could open for the client what it may not open itself.
      lastDrop = observer.mayBeginInbound(protocol, key.srcHi, key.srcLo, key.sport());
      if (lastDrop != null) {
        return NONE;
      }
    }
    int session = table.openInbound(mapping, key, nowNs);
    lastDrop = session < 0 ? table.refusal() : null;
    return session;
  }

  private int receiveLater(Burst b, int from, long nowNs) {
    if (NatFragments.isForged(b)) {
      return drop(DropReason.FRAGMENT);
    }
    int datagram = fragments.find(b, NONE, nowNs);
    if (datagram < 0) {
      boolean waits = from < 0 && fragments.hold(b, NONE, nowNs);
      return drop(waits ? DropReason.HELD : DropReason.FRAGMENT);
    }
    int session = fragments.session(datagram);
    if (!table.follows(session, fragments.beganNs(datagram), false, b, nowNs)) {
      return drop(DropReason.FRAGMENT);
    }
    table.inner(table.mappingOf(session), inner);
    Rewrite.destination(b, inner.srcHi, inner.srcLo, 0);
    return (int) inner.dstLo;
  }

  /** Why the last packet went to nobody; null when it is none of ours. */
  @Nullable DropReason lastDrop() {
    return lastDrop;
  }

  private int drop(@Nullable DropReason why) {
    lastDrop = why;
    return NONE;
  }
}
