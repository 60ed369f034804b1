// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A program to start in a node. Immutable; the {@code with} methods give changed copies.
 *
 * @param name names its output files; unique names are made from it
 * @param argv program and arguments, never a shell string
 * @param environment added to that of this process
 * @param directory working directory, or null for that of this process
 * @param listener gets each line of standard output and standard error as it comes, without its
 *     end, on a thread of the program's own
 */
public record Command(
    String name,
    List<String> argv,
    Map<String, String> environment,
    @Nullable Path directory,
    Consumer<String> listener) {
  public Command {
    if (argv.isEmpty() || argv.get(0).isEmpty()) {
      throw new IllegalArgumentException("a command needs the name of a program");
    }
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
  }

  /** A program with its arguments. */
  public static Command of(String... argv) {
    return of(List.of(argv));
  }

  /** A program with its arguments. */
  public static Command of(List<String> argv) {
    String program = argv.isEmpty() ? "" : String.valueOf(Path.of(argv.get(0)).getFileName());
    return new Command(program, argv, Map.of(), null, line -> {});
  }

  /** The same under another name. */
  public Command withName(String newName) {
    return new Command(newName, argv, environment, directory, listener);
  }

  /** The same with one more environment variable. */
  public Command withVariable(String key, String value) {
    Map<String, String> more = new TreeMap<>(environment);
    more.put(key, value);
    return new Command(name, argv, more, directory, listener);
  }

  /** The same in another working directory. */
  public Command withDirectory(Path newDirectory) {
    return new Command(name, argv, environment, newDirectory, listener);
  }

  /**
   * The same, started by another program.
   *
   * @param starter program and arguments; it executes the words that follow
   */
  public Command startedBy(List<String> starter) {
    List<String> all = new ArrayList<>(starter);
    all.addAll(argv);
    return new Command(name, all, environment, directory, listener);
  }

  /** The same with its output streamed to {@code newListener} too. */
  public Command withListener(Consumer<String> newListener) {
    return new Command(name, argv, environment, directory, newListener);
  }
}
