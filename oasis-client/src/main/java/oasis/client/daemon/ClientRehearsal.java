// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
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
  private static final String BY_OVERLAY = "198.18.1.1";
  private static final String BY_UNDERLAY = "198.18.2.1";

  private final int mtu;
  private final Path directory;
  private final Undo undo = new Undo();

  /**
   * Not yet played.
   *
   * @param mtu of the TUN device, 576 to 9000
   * @param directory is made for the play, and removed
   */
  ClientRehearsal(int mtu, Path directory) {
    this.mtu = mtu;
    this.directory = directory;
  }

  @Override
  public void run(Rehearsal stage) throws Exception {
    Files.createDirectories(directory);
    try {
      play(stage);
    } finally {
      undo.run();
      delete(directory);
    }
  }

  private void play(Rehearsal stage) throws Exception {
    Settings settings = settings();
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
            settings,
            settings.networkConfig(ClientOptions.DEFAULTS),
            new Packets.Side(tun, Settings.TUN, ClientNetwork.EXEMPT_MARK, labels::upper));
    delete(directory); // what is open needs no names, and whoever is killed now leaves nothing
    configure(packets.carriers());
    packets.loop().add(new TunSource(tun, packets.path().fromPrograms(), () -> {}));
    packets.turn(undo);
    byte[] payload = new byte[PAYLOAD_BYTES];
    stage.talk(Rehearsal.at(BY_OVERLAY, DISCARD), payload, ROUNDS);
    stage.talk(Rehearsal.at(BY_UNDERLAY, DISCARD), payload, ROUNDS);
  }

  private Settings settings() {
    ClientOptions options = new ClientOptions(true, "198.51.100.0/24", ClientOptions.NO_IPV6);
    return new Settings(directory, directory, mtu, 0, options, List.of(), List.of(), List.of());
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

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
