// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import oasis.client.engine.RuleHits;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.Endpoint;
import oasis.io.PortCounters;
import oasis.os.OsException;
import oasis.os.linux.LocalAddress;
import oasis.os.linux.SourceAddress;
import oasis.packet.Address;
import oasis.rules.Rule;
import oasis.rules.RuleSet;
import org.jspecify.annotations.Nullable;

/**
 * The overlays that the engine knows, each with its socket. Sockets are opened by the thread that
 * changes the configuration; everything else is confined to the data loop.
 */
final class Carriers implements AutoCloseable {
  /** The engine's index of OC0. */
  private static final int UNDERLAY = 0;

  /** The engine's mark of an overlay that it does not know. */
  private static final int MISSING = -1;

  /** Opens the socket of an overlay. */
  @FunctionalInterface
  interface Opener {
    /** A socket that is connected to the entry node. */
    DatagramPort open(Endpoint entry) throws OsException;
  }

  /** Something about the sockets for the status; without a socket there are no counters. */
  record PortInfo(
      int index, String entry, int localPort, PortCounters.@Nullable Snapshot counters) {}

  private record Link(Socket socket, DataLoop.Source source) {
    DatagramPort port() {
      return socket.port();
    }
  }

  /**
   * The socket of an overlay.
   *
   * @param address what the host called itself when it was opened; packets go on carrying it
   * @param seal what seals its datagrams, or null for an overlay without a key
   */
  record Socket(DatagramPort port, Optional<Address> address, @Nullable Seal seal) {}

  /**
   * One entry node of an overlay.
   *
   * @param key file with the overlay's key, or null for none
   */
  record Entry(String overlay, Endpoint at, @Nullable String key) {
    static Entry of(Overlay overlay, Endpoint at) {
      return new Entry(overlay.name(), at, overlay.key());
    }
  }

  /** An entry node has no link while it cannot be reached by any route of the host. */
  private record Carrier(int index, Entry entry, @Nullable Link link) {}

  private final DataLoop loop;
  private final DataPath path;
  private final Opener opener;
  private final Seals seals = new Seals();
  private final Map<Entry, Carrier> byEntry = new LinkedHashMap<>();

  Carriers(DataLoop loop, DataPath path, Opener opener) {
    this.loop = loop;
    this.path = path;
    this.opener = opener;
  }

  /** Opens the socket towards an entry node; any thread. */
  Socket open(Entry entry) throws OsException {
    Seal seal = seals.of(entry);
    Optional<Address> address = source(entry.at());
    DatagramPort port = opener.open(entry.at());
    port.sealWith(seal == null ? null : seal.sealer());
    return new Socket(port, address, seal);
  }

  private static Optional<Address> source(Endpoint entry) {
    return SourceAddress.towards(new Address(entry.hi(), entry.lo()), ClientNetwork.EXEMPT_MARK);
  }

  /** The entry nodes of all overlays. */
  static List<Entry> entriesOf(ClientConfig config) {
    return config.overlays().stream()
        .flatMap(overlay -> overlay.entries().stream().map(at -> Entry.of(overlay, at)))
        .toList();
  }

  /**
   * Lets the engine know these overlays and rules and no others. Entry nodes that stay keep their
   * flows.
   *
   * @param hits what counts for each rule
   * @param opened sockets of those entry nodes that are new, as far as they could be opened
   */
  void apply(
      ClientConfig config,
      RuleSet rules,
      List<RuleHits> hits,
      Map<Entry, Socket> opened,
      long nowNs) {
    List<Entry> wanted = entriesOf(config);
    for (Carrier carrier : List.copyOf(byEntry.values())) {
      if (!wanted.contains(carrier.entry())) {
        remove(carrier);
      }
    }
    for (Overlay overlay : config.overlays()) {
      for (Endpoint at : overlay.entries()) {
        add(Entry.of(overlay, at), overlay.mtu(), nowNs);
      }
    }
    opened.forEach(this::attach);
    Map<String, Integer> ofOverlay = new HashMap<>();
    ofOverlay.put(Rule.UNDERLAY, UNDERLAY);
    byEntry.forEach((entry, carrier) -> ofOverlay.put(entry.overlay(), carrier.index()));
    int[] carrierOfRule =
        rules.rules().stream()
            .mapToInt(rule -> ofOverlay.getOrDefault(rule.overlay(), MISSING))
            .toArray();
    path.engine().setRules(rules, carrierOfRule, hits, nowNs);
  }

  private void add(Entry entry, int mtu, long nowNs) {
    Carrier known = byEntry.get(entry);
    if (known != null) {
      path.engine().setMtu(known.index(), mtu);
      return;
    }
    int index = path.engine().addCarrier(entry.overlay(), mtu, nowNs);
    if (index < 0) {
      throw new IllegalStateException("the engine has no room for overlay " + entry.overlay());
    }
    byEntry.put(entry, new Carrier(index, entry, null));
  }

  /** Gives an entry node a socket, in place of the one it has. */
  void attach(Entry entry, Socket socket) {
    Carrier carrier = byEntry.get(entry);
    if (carrier == null) {
      socket.port().close(); // removed meanwhile
      return;
    }
    detach(carrier);
    Seal seal = socket.seal();
    DataLoop.Source source =
        path.addCarrier(carrier.index(), socket.port(), seal == null ? null : seal.unsealer());
    byEntry.put(entry, new Carrier(carrier.index(), entry, new Link(socket, source)));
    loop.add(source);
    path.engine().onMoved(carrier.index(), System.nanoTime());
  }

  private void detach(Carrier carrier) {
    Link link = carrier.link();
    if (link != null) {
      loop.remove(link.source());
      path.removeCarrier(carrier.index());
      link.port().close();
    }
  }

  private void remove(Carrier carrier) {
    byEntry.remove(carrier.entry());
    path.engine().removeCarrier(carrier.index());
    detach(carrier);
  }

  /** Lets all entry nodes be probed soon. */
  void hostChanged(long nowNs) {
    path.engine().onHostChange(nowNs);
  }

  /** Entry nodes that need a socket: they have none, or the host's address to them is another. */
  List<Entry> stale() {
    return byEntry.values().stream().filter(Carriers::isStale).map(Carrier::entry).toList();
  }

  private static boolean isStale(Carrier carrier) {
    Link link = carrier.link();
    if (link == null) {
      return true;
    }
    Optional<Address> used = link.socket().address();
    Optional<Address> now = source(carrier.entry().at());
    // Without a route nothing better can be opened.
    return now.isPresent() && !LocalAddress.next(used, now).equals(used);
  }

  /** A snapshot of every socket. */
  List<PortInfo> ports() {
    return byEntry.values().stream().map(Carriers::info).toList();
  }

  private static PortInfo info(Carrier carrier) {
    String entry = carrier.entry().at().text();
    Link link = carrier.link();
    return link == null
        ? new PortInfo(carrier.index(), entry, 0, null)
        : new PortInfo(
            carrier.index(), entry, link.port().localPort(), link.port().counters().snapshot());
  }

  /** Closes all sockets; the loop has ended. */
  @Override
  public void close() {
    for (Carrier carrier : byEntry.values()) {
      Link link = carrier.link();
      if (link != null) {
        link.port().close();
      }
    }
    byEntry.clear();
  }
}
