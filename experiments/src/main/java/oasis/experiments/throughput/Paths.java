// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.emulator.Launcher;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** The paths that can be measured, by name. */
final class Paths {
  static final String DIRECT = "direct";
  static final String VXLAN = "vxlan";
  static final String QUICKTUN = "quicktun";
  static final String OURS = "ours";
  static final String RAW = "ours-raw";
  static final String SLICE = "ours-slice";
  static final String MEDIATED = "ours-mediated";

  /** End of the names of paths with keys. */
  static final String KEYED = "-keyed";

  /** What is measured of the exit node. */
  static final List<String> EXIT =
      List.of(VXLAN, QUICKTUN, OURS, RAW, SLICE, OURS + KEYED, RAW + KEYED, SLICE + KEYED);

  /** What a quick run measures. */
  static final List<String> QUICK = List.of(DIRECT, VXLAN, QUICKTUN, OURS, RAW, MEDIATED);

  private static final Map<String, String> PEERS = new LinkedHashMap<>();

  static {
    PEERS.put(VXLAN, "kernel VXLAN");
    PEERS.put(QUICKTUN, "quicktun, raw");
    PEERS.put("wireguard-go", "wireguard-go (encrypts)");
    PEERS.put("nebula", "nebula (encrypts)");
    PEERS.put("openvpn", "openvpn, AES-GCM (encrypts)");
    PEERS.put("tinc", "tinc, no cipher");
    PEERS.put("fastd", "fastd, null");
    PEERS.put("vtun", "vtun, no cipher");
  }

  private Paths() {}

  /**
   * All paths, in the order in which they are listed.
   *
   * @param launcher starts client and exit node
   * @param java home of the JDK that runs them, or null for the one that the launcher finds
   * @param more name and command of further peers
   */
  static Map<String, TestPath> all(Launcher launcher, @Nullable Path java, Map<String, String> more)
      throws OsException {
    Map<String, TestPath> paths = new LinkedHashMap<>();
    add(paths, new DirectPath());
    Path home = home(launcher);
    Path installer = home.resolve("scripts/install.sh");
    Path scripts = home.resolve("experiments/peers");
    if (!Files.isDirectory(scripts)) {
      throw new OsException("the scripts of the peers are missing: " + scripts);
    }
    for (Map.Entry<String, String> peer : PEERS.entrySet()) {
      String command = "'" + scripts.resolve(peer.getKey() + ".sh") + "'";
      add(paths, new ScriptedPath(peer.getKey(), peer.getValue(), command, installer));
      if (peer.getKey().equals(QUICKTUN)) {
        ours(launcher, java).forEach(path -> add(paths, path));
      }
    }
    more.forEach((name, command) -> add(paths, new ScriptedPath(name, name, command, installer)));
    return paths;
  }

  private static Path home(Launcher launcher) throws OsException {
    Path home = launcher.script().toAbsolutePath().getParent();
    if (home == null) {
      throw new OsException("the launcher is in no folder: " + launcher.script());
    }
    return home;
  }

  private static void add(Map<String, TestPath> paths, TestPath path) {
    paths.put(path.name(), path);
  }

  private static List<TestPath> ours(Launcher launcher, @Nullable Path java) {
    List<TestPath> ours = new ArrayList<>();
    String kernel = "--backend kernel";
    ours.add(oasis(launcher, java, OURS, "ours, kernel backend", kernel));
    String raw = "--backend raw --send packet --silence nft";
    ours.add(oasis(launcher, java, RAW, "ours, raw backend", raw));
    String slice = "--backend raw --send packet --silence sockets";
    ours.add(oasis(launcher, java, SLICE, "ours, raw, slice mode", slice));
    String plain = "--backend raw --send raw --silence nft";
    ours.add(oasis(launcher, java, "ours-plain", "ours, plain raw sockets out", plain));
    ours.add(
        new OasisPath(MEDIATED, "ours, mediated underlay", launcher, java, false, false, null));
    List<String> kernel6 = List.of("--backend", "kernel");
    ours.add(
        new OasisPath(
            "ours-ipv6", "ours, kernel backend, IPv6", launcher, java, false, true, kernel6));
    List<String> raw6 = List.of(raw.split(" ", -1));
    ours.add(
        new OasisPath(
            "ours-raw-ipv6", "ours, raw backend, IPv6", launcher, java, false, true, raw6));
    ours.add(keyed(launcher, java, OURS, "ours, kernel backend, keys", kernel));
    ours.add(keyed(launcher, java, RAW, "ours, raw backend, keys", raw));
    ours.add(keyed(launcher, java, SLICE, "ours, raw, slice mode, keys", slice));
    return ours;
  }

  private static TestPath keyed(
      Launcher launcher, @Nullable Path java, String name, String title, String options) {
    List<String> words = List.of(options.split(" ", -1));
    return new OasisPath(name + KEYED, title, launcher, java, true, false, words);
  }

  private static TestPath oasis(
      Launcher launcher, @Nullable Path java, String name, String title, String options) {
    return new OasisPath(
        name, title, launcher, java, false, false, List.of(options.split(" ", -1)));
  }
}
