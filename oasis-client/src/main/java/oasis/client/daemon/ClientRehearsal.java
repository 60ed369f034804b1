// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.client.engine.RuleHits;
import oasis.io.LinuxTun;
import oasis.io.Rehearsal;
import oasis.io.TunSource;
import oasis.io.config.ConfigException;
import oasis.os.OsException;
import oasis.os.linux.ConnectionLabels;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;

/**
 * The client's packet path plays for itself: a program talks to a server by an overlay and to
 * another by OC0, as programs do later.
 */
final class ClientRehearsal implements Rehearsal.Play {
  private static final int ROUNDS = 6000;
  private static final int PAYLOAD_BYTES = 64;
  private static final int DISCARD = 9;
  private static final int TABLE = 77;
  private static final String OVERLAY = "stage";
  private static final String FAKE_RANGE = "198.51.100.0/24";
  private static final String BY_OVERLAY = "198.18.1.1";
  private static final String BY_UNDERLAY = "198.18.2.1";

  private final int mtu;
  private final Undo undo = new Undo();

  /**
   * Not yet played.
   *
   * @param mtu of the TUN device, 576 to 9000
   */
  ClientRehearsal(int mtu) {
    this.mtu = mtu;
  }

  @Override
  public void run(Rehearsal stage) throws Exception {
    try {
      play(stage);
    } finally {
      undo.run();
    }
  }

  private void play(Rehearsal stage) throws Exception {
    ClientNetworkConfig network = network();
    LinuxTun tun = undo.add(Settings.TUN, LinuxTun.open(Settings.TUN, mtu));
    ConnectionLabels labels = undo.add("connection labels", ConnectionLabels.open());
    stage.commands(
        List.of(
            "link set " + Settings.TUN + " up",
            "route add 198.18.0.0/15 dev " + Settings.TUN + " table " + TABLE,
            "rule add not fwmark " + ClientNetwork.EXEMPT_MARK + " lookup " + TABLE));
    Packets packets =
        Packets.open(
            undo,
            FakeStores.none(network),
            network,
            new Packets.Side(tun, Settings.TUN, ClientNetwork.EXEMPT_MARK, labels::upper));
    configure(packets.carriers());
    packets.loop().add(new TunSource(tun, packets.path().fromPrograms(), () -> {}));
    packets.turn(undo);
    byte[] payload = new byte[PAYLOAD_BYTES];
    stage.talk(Rehearsal.at(BY_OVERLAY, DISCARD), payload, ROUNDS);
    stage.talk(Rehearsal.at(BY_UNDERLAY, DISCARD), payload, ROUNDS);
  }

  private ClientNetworkConfig network() {
    return new ClientNetworkConfig(
        Settings.TUN,
        mtu,
        FAKE_RANGE,
        null,
        ClientNetworkConfig.FIRST_PORT,
        ClientNetworkConfig.LAST_PORT,
        false,
        RuleSet.EMPTY);
  }

  private static void configure(Carriers carriers)
      throws ConfigException, OsException, RuleException {
    Overlay overlay =
        new Overlay(
            OVERLAY,
            "udp://" + Rehearsal.ENTRY.text(),
            0,
            List.of(Rehearsal.ENTRY),
            Overlay.DEFAULT_MTU,
            null);
    Rule rule = Rule.parse("dst " + BY_OVERLAY + "/32 " + OVERLAY);
    ClientConfig config =
        new ClientConfig(List.of(overlay), List.of(rule), Set.of(), ClientOptions.DEFAULTS);
    Carriers.Entry entry = Carriers.Entry.of(overlay, Rehearsal.ENTRY);
    carriers.apply(
        config,
        RuleSet.compile(config.rules()),
        List.of(new RuleHits(rule)),
        Map.of(entry, carriers.open(entry)),
        System.nanoTime());
  }
}
