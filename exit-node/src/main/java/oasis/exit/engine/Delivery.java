// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.Fragmenter;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;

/**
 * The last step of a packet to a client or a peer: it is made to fit the tunnel, counted, and given
 * to the queues. Confined to the data loop.
 */
final class Delivery {
  /** IPv4 and TCP header: what the MSS leaves out of the MTU (RFC 9293 section 3.7.1). */
  private static final int HEADERS4_BYTES = Ip.V4_BYTES + Tcp.BYTES;

  private static final int HEADERS6_BYTES = Ip.V6_BYTES + Tcp.BYTES;

  private final int mtu;
  private final Clients clients;
  private final Totals totals;
  private final QueueStage queues;
  private final Fragmenter fragmenter = new Fragmenter();
  private final Burst fragment = new Burst();

  Delivery(int mtu, Clients clients, Totals totals, QueueStage queues) {
    this.mtu = mtu;
    this.clients = clients;
    this.totals = totals;
    this.queues = queues;
  }

  /** Lowers the MSS of a connection that begins to what the tunnel takes. */
  void clampMss(Burst b) {
    Rewrite.clampMss(b, mtu - (b.version() == 4 ? HEADERS4_BYTES : HEADERS6_BYTES));
  }

  /** Delivers a packet whose memory stays as it is until the turn's flush. */
  void deliver(Burst b, int client) {
    if (isShutOut(b, client)) {
      return;
    }
    clampMss(b);
    if (!cut(b, client)) {
      countIn(client, b);
      queues.toClient(b, client);
    }
  }

  /** Delivers a packet whose memory is not ours for long. */
  void deliverReleased(Burst b, int client) {
    if (!isShutOut(b, client) && !cut(b, client)) {
      deliverNow(b, client);
    }
  }

  /** Whether a packet's client is let in no more; it is then counted. */
  private boolean isShutOut(Burst b, int client) {
    boolean shutOut = clients.isShutOut(client);
    if (shutOut) {
      totals.drop(DropReason.NOT_ALLOWED, b.segments());
      clients.countDrop(client, DropReason.NOT_ALLOWED, b.segments());
    }
    return shutOut;
  }

  /** Delivers a packet in fragments if it is too long and may be cut (RFC 4787 REQ-13a). */
  private boolean cut(Burst b, int client) {
    if (b.length() <= mtu || !Fragmenter.mayCut(b) || !fragmenter.begin(b, mtu)) {
      return false;
    }
    while (fragmenter.next(fragment)) {
      deliverNow(fragment, client); // the next one is made in its place
    }
    return true;
  }

  private void deliverNow(Burst b, int client) {
    countIn(client, b);
    queues.briefToClient(b, client);
  }

  private void countIn(int client, Burst b) {
    long bytes = b.ipBytes();
    clients.countIn(client, b.segments(), bytes);
    totals.inPkts += b.segments();
    totals.inBytes += bytes;
  }

  /** Counts a packet of a client that went on. */
  void countOut(int client, Burst b) {
    long bytes = b.ipBytes();
    clients.countOut(client, b.segments(), bytes);
    totals.outPkts += b.segments();
    totals.outBytes += bytes;
  }
}
