// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import oasis.os.CommandRunner;
import oasis.os.CommandRunner.Result;
import oasis.os.OsException;

/**
 * What the doctor may look at: files below a root directory and the answers of commands. Nothing
 * here fails: what cannot be read is not there.
 *
 * @param root {@code /}, or a directory that stands for it
 * @param runner runs {@code nft}, {@code ip} and {@code sysctl}
 */
record HostView(Path root, CommandRunner runner) {
  private static final int MAX_BYTES = 1 << 20;

  /** Text of a file, at most a mebibyte of it. */
  Optional<String> read(String path) {
    // Files in /proc say that they are empty.
    try (InputStream in = Files.newInputStream(at(path))) {
      return Optional.of(new String(in.readNBytes(MAX_BYTES), UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Lines of a file; none when it cannot be read. */
  List<String> lines(String path) {
    return read(path).map(text -> text.lines().toList()).orElse(List.of());
  }

  /** A kernel setting below {@code /proc/sys}. */
  Optional<String> sysctl(String name) {
    return read("proc/sys/" + name).map(String::strip);
  }

  boolean exists(String path) {
    return Files.exists(at(path));
  }

  /** Names in a directory, sorted; none when it cannot be read. */
  List<String> list(String path) {
    try (Stream<Path> all = Files.list(at(path))) {
      return all.map(one -> String.valueOf(one.getFileName())).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** What a command answers; empty when it cannot be started. */
  Optional<Result> run(String input, String... command) {
    try {
      return Optional.of(runner.run(List.of(command), input));
    } catch (OsException e) {
      return Optional.empty();
    }
  }

  /** Whether there is a table of the client's name. */
  boolean hasOurTable() {
    String table = "table " + ClientRuleset.TABLE;
    return run("", "nft", "list", "tables")
        .map(Result::out)
        .orElse("")
        .lines()
        .map(String::strip)
        .anyMatch(table::equals);
  }

  private Path at(String path) {
    return root.resolve(path);
  }
}
