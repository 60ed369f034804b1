// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;

/** Writes what an engine knows, and lets another one go on with it. Confined to the data loop. */
final class EngineTransfer {
  private final Clients clients;
  private final Sources sources;
  private final Backend backend;
  private final Relay relay;
  private final Keyring keyring;
  private final Totals totals;

  EngineTransfer(
      Clients clients,
      Sources sources,
      Backend backend,
      Relay relay,
      Keyring keyring,
      Totals totals) {
    this.clients = clients;
    this.sources = sources;
    this.backend = backend;
    this.relay = relay;
    this.keyring = keyring;
    this.totals = totals;
  }

  byte[] write(long nowNs) {
    StateWriter out = new StateWriter(nowNs);
    clients.write(out);
    sources.write(out);
    backend.write(out);
    relay.write(out);
    keyring.write(out);
    totals.write(out);
    return out.finish();
  }

  void restore(byte[] state, long nowNs) throws StateException {
    StateReader in = new StateReader(state, nowNs);
    Renumbering newClients = clients.restore(in);
    Renumbering newSources = sources.restore(in, newClients);
    for (int source = sources.next(0); source >= 0; source = sources.next(source + 1)) {
      clients.addSource(sources.client(source));
    }
    clients.removeUnused();
    backend.restore(in, newClients, newSources);
    relay.restore(in, newSources);
    keyring.restore(in);
    totals.restore(in);
    in.end();
  }
}
