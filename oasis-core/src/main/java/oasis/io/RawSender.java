// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import oasis.os.OsException;
import oasis.os.linux.RouteSocket;
import oasis.os.linux.RouteWatch;
import oasis.packet.Burst;
import oasis.packet.Fragmenter;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * Sends IP packets with the addresses they have, by the routes of the host, as fast as the host
 * lets it: where the next hop is a neighbour on an Ethernet link, through a packet socket that
 * takes whole bursts; everywhere else (loopback, tunnels, a neighbour not yet resolved, a packet
 * that has to be fragmented) through raw sockets. It changes no setting of the host. Confined to
 * the data loop.
 *
 * <p>What leaves by the packet socket is seen by the queueing disciplines of the interface, but
 * neither by nftables output hooks nor by IPsec policies of the host; {@link Way#RAW} is for hosts
 * that depend on those.
 */
public final class RawSender implements RawPort {
  /** By which sockets packets may leave. */
  public enum Way {
    /** By the packet socket where it can be; by raw sockets only, where it cannot be opened. */
    AUTO,
    /** By the packet socket where it can be; it has to be there. */
    PACKET,
    /** By raw sockets only. */
    RAW
  }

  private static final int DESTINATIONS = 4096;

  private final PortCounters counters;
  private final RouteWatch watch;
  private final NextHops hops;
  private final LinuxRawPort raw;
  private final @Nullable LinuxPacketPort packet;
  private final String description;
  private final Deque<Runnable> opened;

  private final Fragmenter fragmenter = new Fragmenter();
  private final Burst fragment = new Burst();
  private boolean timeIsKnown;
  private long nowNs;
  private long packetBursts;
  private long rawBursts;

  private RawSender(
      NextHops hops,
      RouteWatch watch,
      LinuxRawPort raw,
      @Nullable LinuxPacketPort packet,
      String description,
      Deque<Runnable> opened) {
    this.hops = hops;
    this.watch = watch;
    this.raw = raw;
    this.packet = packet;
    this.description = description;
    this.opened = opened;
    counters = raw.counters();
  }

  /**
   * Opens the sockets in the network namespace of the calling thread. CAP_NET_RAW is enough, for a
   * mark before Linux 5.17 CAP_NET_ADMIN.
   *
   * @param way which sockets may be used
   * @param mark firewall mark of what is sent (SO_MARK), by which it is also routed; 0 for none
   */
  public static RawSender open(Way way, int mark) throws OsException {
    Deque<Runnable> opened = new ArrayDeque<>();
    try {
      PortCounters counters = new PortCounters();
      LinuxRawPort raw = LinuxRawPort.open(mark, counters);
      opened.push(raw::close);
      RouteSocket routes = RouteSocket.open();
      opened.push(routes::close);
      RouteWatch watch = RouteWatch.open(RouteWatch.ALL);
      opened.push(watch::close);
      NextHops hops = new NextHops(routes, mark, DESTINATIONS, new SecureRandom().nextLong());
      if (way == Way.RAW) {
        return new RawSender(hops, watch, raw, null, "raw sockets", opened);
      }
      return withPacketSocket(way, mark, hops, watch, raw, opened);
    } catch (OsException | RuntimeException e) {
      opened.forEach(Runnable::run);
      throw e;
    }
  }

  private static RawSender withPacketSocket(
      Way way, int mark, NextHops hops, RouteWatch watch, LinuxRawPort raw, Deque<Runnable> opened)
      throws OsException {
    LinuxPacketPort packet;
    try {
      packet = LinuxPacketPort.open(mark, raw.counters());
    } catch (OsException e) {
      if (way == Way.PACKET) {
        throw e;
      }
      String description = "raw sockets (no packet socket: " + e.getMessage() + ")";
      return new RawSender(hops, watch, raw, null, description, opened);
    }
    opened.push(packet::close);
    String description =
        way == Way.PACKET
            ? "packet socket with GSO"
            : "packet socket with GSO, raw sockets where the next hop is not Ethernet";
    return new RawSender(hops, watch, raw, packet, description, opened);
  }

  /**
   * Lets a loop tell this port at once what changes in the host's network; without it, a change is
   * found out after two seconds. Before the loop starts, or from its own thread.
   */
  public void join(DataLoop loop) {
    DataLoop.Source source =
        new DataLoop.Source() {
          @Override
          public int fd() {
            return watch.fd();
          }

          @Override
          public boolean onReadable(long nowNs) {
            hearChanges();
            return false;
          }
        };
    loop.add(source);
    opened.push(() -> loop.remove(source));
  }

  /** Reads what the kernel says has changed. */
  void hearChanges() {
    int kinds = watch.read();
    if (kinds != 0) {
      hops.changed((kinds & RouteWatch.LINK) != 0);
    }
  }

  /** Which sockets are used, for the log: {@code packet socket with GSO} or {@code raw sockets}. */
  public String description() {
    return description;
  }

  /** The clock is read once per flush: destinations are asked for every two seconds. */
  private int hop(long hi, long lo) {
    if (!timeIsKnown) {
      nowNs = System.nanoTime();
      timeIsKnown = true;
    }
    return hops.find(hi, lo, nowNs);
  }

  @Override
  public int mtu(long hi, long lo) {
    return hops.mtu(hop(hi, lo));
  }

  @Override
  public int add(Burst burst) {
    int at = burst.start();
    int hop = hop(Ip.dstHi(burst.buffer(), at), Ip.dstLo(burst.buffer(), at));
    int mtu = hops.mtu(hop);
    boolean tooLong = mtu > 0 && longestPacket(burst) > mtu;
    if (tooLong && mustStayWhole(burst)) {
      return mtu;
    }
    if (tooLong && Fragmenter.mayCut(burst) && fragmenter.begin(burst, mtu)) {
      sendFragments(hop);
      return 0;
    }
    if (packet == null || tooLong || !hops.headerKnown(hop) || hops.takeStale(hop)) {
      sendRaw(burst, hop);
    } else {
      sendByPacketSocket(packet, burst, hop);
    }
    return 0;
  }

  /** What {@link #add} would return now: 0, or the path's MTU when it would not take the burst. */
  public int pathMtu(Burst burst) {
    int at = burst.start();
    int mtu = mtu(Ip.dstHi(burst.buffer(), at), Ip.dstLo(burst.buffer(), at));
    return mtu > 0 && longestPacket(burst) > mtu && mustStayWhole(burst) ? mtu : 0;
  }

  private static boolean mustStayWhole(Burst b) {
    return b.version() == 6 || Ip.dontFragment4(b.buffer(), b.start());
  }

  private static int longestPacket(Burst b) {
    return b.segments() == 1 ? b.length() : b.headerBytes() + b.segmentBytes();
  }

  // Packets to one destination keep their order: what waits in the other queue goes first.

  private void sendRaw(Burst burst, int hop) {
    if (hops.switchTo(hop, true) && packet != null) {
      packet.flush();
    }
    rawBursts++;
    raw.add(burst);
  }

  /** Each fragment is sent at once, because the next one is made in the same place. */
  private void sendFragments(int hop) {
    while (fragmenter.next(fragment)) {
      sendRaw(fragment, hop);
      raw.flush();
    }
  }

  private void sendByPacketSocket(LinuxPacketPort port, Burst burst, int hop) {
    if (hops.switchTo(hop, false)) {
      raw.flush();
    }
    packetBursts++;
    port.add(burst, hops, hop, nowNs);
  }

  @Override
  public void flush() {
    timeIsKnown = false;
    raw.flush();
    if (packet != null) {
      packet.flush();
      if (packet.takeTrouble()) {
        // An interface went down or away, or its MTU shrank, and the news is still on its way.
        hops.changed(true);
      }
    }
  }

  /** Bursts that went by the packet socket so far. */
  public long packetBursts() {
    return packetBursts;
  }

  /** Bursts that went by a raw socket so far. */
  public long rawBursts() {
    return rawBursts;
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    opened.forEach(Runnable::run);
    opened.clear();
  }
}
