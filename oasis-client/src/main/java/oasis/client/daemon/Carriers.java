// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
      String name, String entry, int localPort, PortCounters.@Nullable Snapshot counters) {}

  private record Link(Socket socket, DataLoop.Source source) {
    DatagramPort port() {
      return socket.port();
    }
  }

  /**
   * The socket of an overlay.
   *
   * @param address what the host called itself when it was opened; packets go on carrying it
   */
  record Socket(DatagramPort port, Optional<Address> address) {}

  /** An overlay has no link while its entry node cannot be reached by any route of the host. */
  private record Carrier(int index, Overlay overlay, @Nullable Link link) {}

  private final DataLoop loop;
  private final DataPath path;
  private final Opener opener;
  private final Map<String, Carrier> byName = new LinkedHashMap<>();

  Carriers(DataLoop loop, DataPath path, Opener opener) {
    this.loop = loop;
    this.path = path;
    this.opener = opener;
  }

  /** Opens the socket of an overlay; any thread. */
  Socket open(Overlay overlay) throws OsException {
    Optional<Address> address = source(overlay.entry());
    return new Socket(opener.open(overlay.entry()), address);
  }

  private static Optional<Address> source(Endpoint entry) {
    return SourceAddress.towards(new Address(entry.hi(), entry.lo()), ClientNetwork.EXEMPT_MARK);
  }

  /**
   * Lets the engine know these overlays and rules and no others.
   *
   * @param opened sockets of those overlays that are new, as far as they could be opened
   */
  void apply(ClientConfig config, RuleSet rules, Map<String, Socket> opened, long nowNs) {
    List<String> wanted = config.overlays().stream().map(Overlay::name).toList();
    for (Carrier carrier : List.copyOf(byName.values())) {
      if (!wanted.contains(carrier.overlay().name())) {
        remove(carrier);
      }
    }
    for (Overlay overlay : config.overlays()) {
      if (!byName.containsKey(overlay.name())) {
        add(overlay, nowNs);
      }
    }
    opened.forEach(this::attach);
    int[] carrierOfRule = config.rules().stream().mapToInt(this::carrierOf).toArray();
    path.engine().setRules(rules, carrierOfRule, nowNs);
  }

  private void add(Overlay overlay, long nowNs) {
    int index = path.engine().addCarrier(overlay.name(), overlay.mtu(), nowNs);
    if (index < 0) {
      throw new IllegalStateException("the engine has no room for overlay " + overlay.name());
    }
    byName.put(overlay.name(), new Carrier(index, overlay, null));
  }

  /** Gives an overlay a socket, in place of the one it has. */
  void attach(String name, Socket socket) {
    Carrier carrier = byName.get(name);
    if (carrier == null) {
      socket.port().close(); // removed meanwhile
      return;
    }
    detach(carrier);
    DataLoop.Source source = path.addCarrier(carrier.index(), socket.port());
    byName.put(name, new Carrier(carrier.index(), carrier.overlay(), new Link(socket, source)));
    loop.add(source);
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
    byName.remove(carrier.overlay().name());
    path.engine().removeCarrier(carrier.index());
    detach(carrier);
  }

  /** Overlays that need a socket: they have none, or the host's address towards them is another. */
  List<Overlay> stale() {
    return byName.values().stream().filter(Carriers::isStale).map(Carrier::overlay).toList();
  }

  private static boolean isStale(Carrier carrier) {
    Link link = carrier.link();
    if (link == null) {
      return true;
    }
    Optional<Address> used = link.socket().address();
    Optional<Address> now = source(carrier.overlay().entry());
    // Without a route nothing better can be opened.
    return now.isPresent() && !LocalAddress.next(used, now).equals(used);
  }

  private int carrierOf(Rule rule) {
    if (rule.overlay().equals(Rule.UNDERLAY)) {
      return UNDERLAY;
    }
    Carrier carrier = byName.get(rule.overlay());
    return carrier == null ? MISSING : carrier.index();
  }

  /** A snapshot of every socket. */
  List<PortInfo> ports() {
    return byName.values().stream().map(Carriers::info).toList();
  }

  private static PortInfo info(Carrier carrier) {
    Overlay overlay = carrier.overlay();
    String entry = overlay.entry().text();
    Link link = carrier.link();
    return link == null
        ? new PortInfo(overlay.name(), entry, 0, null)
        : new PortInfo(
            overlay.name(), entry, link.port().localPort(), link.port().counters().snapshot());
  }

  /** Closes all sockets; the loop has ended. */
  @Override
  public void close() {
    for (Carrier carrier : byName.values()) {
      Link link = carrier.link();
      if (link != null) {
        link.port().close();
      }
    }
    byName.clear();
  }
}
