// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.exit.engine.BackendKind;
import oasis.io.SilentPorts;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.os.OsException;
import oasis.os.linux.Sys;

/**
 * What an exit node hands to its successor besides its engine's state: open files, and facts about
 * them. Files that nobody took are closed with it. Confined to one thread.
 */
final class Estate implements AutoCloseable {
  private static final String FORMAT = "format";
  private static final int VERSION = 1;
  private static final String TABLE = "table";
  private static final String SEED = "seed";
  private static final String DRAINING = "draining";

  private final Map<String, String> facts;
  private final int[] files;
  private int taken;

  private Estate(Map<String, String> facts, int[] files) {
    this.facts = facts;
    this.files = files.clone();
  }

  /**
   * The estate of a running node.
   *
   * @param node what a successor must have in common with it
   * @param table name of its nftables table
   * @param seed secret of its engine
   * @param draining whether it lets no flow begin
   * @param udp its socket for clients
   * @param others files of its side
   */
  static Estate of(
      Map<String, String> node, String table, long seed, boolean draining, int udp, int[] others) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(FORMAT, Integer.toString(VERSION));
    facts.put(TABLE, table);
    facts.put(SEED, Long.toString(seed));
    facts.put(DRAINING, Boolean.toString(draining));
    facts.putAll(node);
    int[] files = new int[1 + others.length];
    files[0] = udp;
    System.arraycopy(others, 0, files, 1, others.length);
    Estate estate = new Estate(facts, files);
    estate.taken = files.length; // they stay with the node
    return estate;
  }

  /** The one that was received. */
  static Estate read(byte[] json, int[] files) throws OsException, NotReplaceableException {
    Map<String, String> facts = new LinkedHashMap<>();
    try {
      Json.parseObject(json).forEach((name, value) -> facts.put(name, String.valueOf(value)));
    } catch (JsonException e) {
      throw new OsException("the running exit node says what nobody understands", e);
    }
    Estate estate = new Estate(facts, files);
    String version = facts.get(FORMAT);
    if (!Integer.toString(VERSION).equals(version) || !estate.isWhole()) {
      estate.close();
      throw new NotReplaceableException(
          "the running exit node hands itself over in format %s, this one takes format %d: stop it"
              .formatted(version, VERSION));
    }
    return estate;
  }

  private boolean isWhole() {
    return files.length > 0
        && facts.getOrDefault(SEED, "").matches("-?[0-9]{1,19}")
        && ExitRuleset.TABLES.contains(facts.get(TABLE));
  }

  /** The facts as JSON. */
  byte[] json() {
    return Json.write(facts);
  }

  /** The open files, in order. */
  int[] files() {
    return files.clone();
  }

  /**
   * What a successor must have in common with the node: what its open files and the addresses of
   * its flows are made for.
   */
  static Map<String, String> fit(ExitConfig config, Choice choice, boolean ipv6) {
    Map<String, String> fit = new LinkedHashMap<>();
    fit.put("--listen", config.listen().text());
    fit.put("network namespace", namespace());
    fit.put("--backend", choice.backend().name());
    // Flows between overlay nodes have addresses of the pools in both backends.
    fit.put("--pool", config.pool().toString());
    fit.put("--pool6", config.pool6().toString());
    if (choice.backend() == BackendKind.KERNEL) {
      fit.put("--tun", config.tun());
      fit.put("IPv6", Boolean.toString(ipv6));
    } else {
      fit.put("--silence", choice.silence().name());
      fit.put("--ports", config.raw().firstPort() + "-" + config.raw().lastPort());
    }
    return fit;
  }

  /** How many open files there are at most. */
  static int files(ExitConfig config) {
    return SilentPorts.files(config.raw().firstPort(), config.raw().lastPort()) + 2;
  }

  /** An open file is of the network namespace in which it was opened. */
  private static String namespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** Refuses, by name, what another node has otherwise. */
  void requireFit(Map<String, String> mine) throws NotReplaceableException {
    for (Map.Entry<String, String> each : mine.entrySet()) {
      String theirs = facts.get(each.getKey());
      if (!Objects.equals(theirs, each.getValue())) {
        throw new NotReplaceableException(
            "cannot replace the running exit node, whose %s is %s and not %s: stop it first"
                .formatted(each.getKey(), theirs, each.getValue()));
      }
    }
  }

  /** A name for the successor's table, so that both can be there at once. */
  String nextTable() {
    List<String> names = ExitRuleset.TABLES;
    return names.get(0).equals(facts.get(TABLE)) ? names.get(1) : names.get(0);
  }

  long seed() {
    return Long.parseLong(facts.getOrDefault(SEED, "0"));
  }

  /** Whether it lets no flow begin. */
  boolean isDraining() {
    return Boolean.parseBoolean(facts.get(DRAINING));
  }

  /** Takes the next file; it belongs to the caller. */
  int take() throws OsException {
    return takeAll(1)[0];
  }

  /** Takes so many files. */
  int[] takeAll(int count) throws OsException {
    if (count > files.length - taken) {
      throw new OsException("the running exit node handed over too few files");
    }
    int[] some = Arrays.copyOfRange(files, taken, taken + count);
    taken += count;
    return some;
  }

  @Override
  public void close() {
    while (taken < files.length) {
      Sys.close(files[taken++]);
    }
  }
}
