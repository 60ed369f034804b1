// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.os.CommandRunner;
import oasis.os.FileErrors;
import oasis.os.OsException;
import oasis.os.ReservedPorts;
import org.jspecify.annotations.Nullable;

/**
 * The host's settings that an exit node changes: their former values are in a file before they
 * change, so that they can be put back even after a crash. Confined to one thread at a time.
 */
final class SavedSettings {
  /** IPv4 forwarding. */
  static final String FORWARD4 = "net.ipv4.ip_forward";

  /** Not a setting: the ports that we added to the reserved ones. */
  private static final String RESERVED = "ports reserved";

  private static final String NAME = "net\\.ipv[46]\\.[A-Za-z0-9_.:@/-]+";

  private final CommandRunner runner;
  private final Path file;
  private boolean ours = true;

  /**
   * @param file where values are recorded; its directory exists
   */
  SavedSettings(CommandRunner runner, Path file) {
    this.runner = runner;
    this.file = file;
  }

  /**
   * Records former values. Those that a crashed run has recorded are older, and stay.
   *
   * @param former values by name, in the order in which they are to be put back
   */
  void record(Map<String, String> former) throws OsException {
    try {
      Map<String, Object> all = new LinkedHashMap<>(former);
      all.putAll(recorded());
      Path draft = file.resolveSibling(file.getFileName() + ".new");
      Files.write(draft, Json.write(all));
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OsException("cannot record settings in " + file + ": " + e.getMessage(), e);
    }
  }

  /** The recorded value of a setting, null when there is none. */
  @Nullable String former(String name) throws OsException {
    try {
      return recorded().get(name);
    } catch (IOException e) {
      throw new OsException("cannot read " + file + ": " + FileErrors.reason(e), e);
    }
  }

  /** Keeps ports from being given to other programs; recorded first. */
  void reservePorts(int first, int last) throws OsException {
    BitSet now = ReservedPorts.read(runner);
    BitSet added = ReservedPorts.range(first, last);
    added.andNot(now);
    if (!added.isEmpty()) {
      record(Map.of(RESERVED, ReservedPorts.text(added)));
      now.or(added);
      ReservedPorts.write(runner, now);
    }
  }

  /** Whether it is this node that puts the host's settings back, and not another one. */
  void ours(boolean yes) {
    ours = yes;
  }

  /**
   * Puts everything back that was recorded, and forgets it.
   *
   * @return what was done, one line each
   */
  List<String> restore() throws OsException {
    if (!ours || !Files.exists(file)) {
      return List.of();
    }
    List<String> done = new ArrayList<>();
    try {
      for (Map.Entry<String, String> each : recorded().entrySet()) {
        String what =
            each.getKey().equals(RESERVED)
                ? freePorts(each.getValue())
                : putBack(each.getKey(), each.getValue());
        if (what != null) {
          done.add(what);
        }
      }
      Files.delete(file);
    } catch (IOException e) {
      throw new OsException("cannot restore settings of " + file + ": " + e.getMessage(), e);
    }
    return done.isEmpty() ? List.of("removed " + file) : done;
  }

  private @Nullable String putBack(String name, String value) throws OsException {
    CommandRunner.Result now = runner.run(List.of("sysctl", "-n", name), "");
    if (!now.ok() || value.equals(now.out().strip())) {
      return null; // an interface that has gone takes its settings with it
    }
    runner.check("sysctl", "-qw", name + "=" + value);
    return "set " + name + " back to " + value;
  }

  private @Nullable String freePorts(String list) throws OsException {
    BitSet now = ReservedPorts.read(runner);
    BitSet rest = (BitSet) now.clone();
    rest.andNot(ReservedPorts.parse(list));
    if (rest.equals(now)) {
      return null;
    }
    ReservedPorts.write(runner, rest);
    return "freed the reserved ports " + list;
  }

  /** What is in the file, without what cannot have been written by us. */
  private Map<String, String> recorded() throws IOException {
    Map<String, String> found = new LinkedHashMap<>();
    if (!Files.exists(file)) {
      return found;
    }
    try {
      for (Map.Entry<String, ?> each : Json.parseObject(Files.readAllBytes(file)).entrySet()) {
        String name = each.getKey();
        String value = Objects.toString(each.getValue(), "");
        if (name.equals(RESERVED) ? value.matches("[0-9,-]+") : isSetting(name, value)) {
          found.put(name, value);
        }
      }
    } catch (JsonException e) {
      found.put(FORWARD4, "0"); // torn by a crash: the host was no router, most likely
    }
    return found;
  }

  private static boolean isSetting(String name, String value) {
    return name.matches(NAME) && value.matches("-?[0-9]{1,3}");
  }
}
