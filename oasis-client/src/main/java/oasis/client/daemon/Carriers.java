// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.Endpoint;
import oasis.io.PortCounters;
import oasis.os.OsException;
import oasis.rules.Rule;
import oasis.rules.RuleSet;

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

  /** Something about the sockets for the status. */
  record PortInfo(
      String name, String entry, int mtu, int localPort, PortCounters.Snapshot counters) {}

  private record Carrier(int index, Overlay overlay, DatagramPort port, DataLoop.Source source) {}

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
  DatagramPort open(Overlay overlay) throws OsException {
    return opener.open(new Endpoint(overlay.entryHi(), overlay.entryLo(), overlay.port()));
  }

  /**
   * Lets the engine know these overlays and rules and no others.
   *
   * @param opened sockets of those overlays that are new
   */
  void apply(ClientConfig config, RuleSet rules, Map<String, DatagramPort> opened, long nowNs) {
    List<String> wanted = config.overlays().stream().map(Overlay::name).toList();
    for (Carrier carrier : List.copyOf(byName.values())) {
      if (!wanted.contains(carrier.overlay().name())) {
        remove(carrier);
      }
    }
    for (Overlay overlay : config.overlays()) {
      DatagramPort port = opened.get(overlay.name());
      if (port != null) {
        add(overlay, port, nowNs);
      }
    }
    int[] carrierOfRule = config.rules().stream().mapToInt(this::carrierOf).toArray();
    path.engine().setRules(rules, carrierOfRule, nowNs);
  }

  private void add(Overlay overlay, DatagramPort port, long nowNs) {
    int index = path.engine().addCarrier(overlay.name(), overlay.mtu(), nowNs);
    if (index < 0) {
      port.close();
      throw new IllegalStateException("the engine has no room for overlay " + overlay.name());
    }
    DataLoop.Source source = path.addCarrier(index, port);
    byName.put(overlay.name(), new Carrier(index, overlay, port, source));
    loop.add(source);
  }

  private void remove(Carrier carrier) {
    byName.remove(carrier.overlay().name());
    path.engine().removeCarrier(carrier.index());
    loop.remove(carrier.source());
    path.removeCarrier(carrier.index());
    carrier.port().close();
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
    return byName.values().stream()
        .map(
            carrier ->
                new PortInfo(
                    carrier.overlay().name(),
                    carrier.overlay().address() + ":" + carrier.overlay().port(),
                    carrier.overlay().mtu(),
                    carrier.port().localPort(),
                    carrier.port().counters().snapshot()))
        .toList();
  }

  /** Closes all sockets; the loop has ended. */
  @Override
  public void close() {
    byName.values().forEach(carrier -> carrier.port().close());
    byName.clear();
  }
}
