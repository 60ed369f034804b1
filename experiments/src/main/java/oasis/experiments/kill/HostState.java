// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * Everything on the client's host that the client could leave: policy routing, routes, devices,
 * firewall, kernel settings and files, line by line and without counters.
 *
 * @param lines each begins with the word for what it is about
 */
record HostState(List<String> lines) {
  /** Packets go another way at most until this much is gone: nothing leads to what has vanished. */
  private static final Pattern HARMLESS =
      Pattern.compile(
          "[+] rule[46] 4710:.* fwmark 0x10000000/0x10000000 lookup 4710"
              + "|[+-] sysctl net\\.ipv4\\.ip_local_reserved_ports =.*"
              + "|[+] file .*");

  /**
   * What changes by itself, or goes with the device: numbers of connections, the kernel's own
   * link-local addresses, the device's settings.
   */
  private static final Pattern RESTLESS =
      Pattern.compile(
          "sysctl net\\.netfilter\\.nf_conntrack_(count|max|buckets).*"
              + "|sysctl net\\..*\\.oas0\\..*"
              + "|.*\\bfe80::.*");

  private static final String TABLE = "nft table inet oasis {";

  HostState {
    lines = List.copyOf(lines);
  }

  /**
   * Looks.
   *
   * @param host runs commands in the host's network namespace
   * @param folder in which all files of the client are
   */
  static HostState read(CommandRunner host, Path folder) throws OsException {
    List<String> lines = new ArrayList<>();
    for (String family : List.of("4", "6")) {
      add(lines, "rule" + family, host.check("ip", "-" + family, "rule", "show"));
      String[] routes = {"ip", "-" + family, "route", "show", "table", "all"};
      add(lines, "route" + family, host.check(routes));
    }
    add(lines, "device", host.check("ip", "-br", "link").replaceAll("(?m)[@ ].*$", ""));
    add(lines, "nft", host.check("nft", "list", "ruleset"));
    add(lines, "sysctl", host.check("sysctl", "-a", "-r", "^net\\."));
    lines.addAll(files(folder));
    lines.removeIf(line -> RESTLESS.matcher(line).matches());
    return new HostState(lines);
  }

  private static void add(List<String> lines, String word, String text) {
    for (String line : text.lines().toList()) {
      String plain =
          line.replaceAll("counter packets [0-9]+ bytes [0-9]+", "counter")
              .replaceAll("#.*|\\s+", " ")
              .strip();
      if (!plain.isEmpty()) {
        lines.add(word + " " + plain);
      }
    }
  }

  /** Files and empty folders. A client at work makes and removes some meanwhile. */
  static SortedSet<String> files(Path folder) throws OsException {
    TreeSet<String> found = new TreeSet<>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              return add(file);
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path at, @Nullable IOException e)
                throws IOException {
              if (e != null) {
                throw e;
              }
              try (Stream<Path> content = Files.list(at)) {
                return content.findAny().isEmpty() ? add(at) : FileVisitResult.CONTINUE;
              } catch (NoSuchFileException gone) {
                return FileVisitResult.CONTINUE;
              }
            }

            private FileVisitResult add(Path path) {
              found.add("file " + folder.relativize(path));
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new OsException(folder + ": " + e.getMessage(), e);
    }
    return found;
  }

  /** The lines that another state does not have, or has less often. */
  List<String> without(HostState other) {
    List<String> rest = new ArrayList<>(lines);
    other.lines.forEach(rest::remove);
    return rest;
  }

  /** What differs: lines with {@code +} are here alone, lines with {@code -} there. */
  List<String> difference(HostState other) {
    List<String> difference = new ArrayList<>();
    without(other).forEach(line -> difference.add("+ " + line));
    other.without(this).forEach(line -> difference.add("- " + line));
    return difference;
  }

  /** Those of some lines that are not known to do no harm while no client runs. */
  static List<String> harmful(List<String> left) {
    return left.stream().filter(line -> !HARMLESS.matcher(line).matches()).toList();
  }

  /**
   * What of the client's there is, sorted: {@code device}; {@code table}, of the firewall, {@code
   * rules} and {@code new-rules} in it; {@code rule4}, {@code rule6}, the policy routing; {@code
   * route4}, {@code route6}, the fake range that leads to the device.
   */
  List<String> facts() {
    TreeSet<String> facts = new TreeSet<>();
    for (String line : lines) {
      if (line.equals("device " + KillNetwork.DEVICE)) {
        facts.add("device");
      } else if (line.startsWith(TABLE)) {
        facts.add("table");
      } else if (line.equals("nft chain capture {")) {
        facts.add("rules");
      } else if (line.startsWith("nft ") && line.contains(KillNetwork.NEW_PORT)) {
        facts.add("new-rules");
      } else if (line.matches("rule[46] 4710:.*")) {
        facts.add(line.substring(0, 5));
      } else if (line.matches("route[46] \\S+ dev oas0 .*metric 1\\b.*")) {
        facts.add(line.substring(0, 6));
      }
    }
    return List.copyOf(facts);
  }
}
