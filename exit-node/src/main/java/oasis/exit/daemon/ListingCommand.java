// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.io.control.Response;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that asks the running exit node one thing and prints the answer. */
@Command(mixinStandardHelpOptions = true)
abstract class ListingCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /** What to ask for. */
  abstract String path();

  /** Prints an answer for people. */
  abstract void print(@Nullable Object answer, PrintWriter out) throws JsonException;

  @Override
  public final Integer call() throws IOException {
    Response response = socket.ask(path());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(response.text());
      return 0;
    }
    try {
      print(Json.parse(response.body()), out);
    } catch (JsonException e) {
      throw new IOException("the exit node gave a broken answer: " + e.getMessage(), e);
    }
    return 0;
  }

  /** The JSON object that has been parsed. */
  static Map<?, ?> object(@Nullable Object value) throws JsonException {
    if (value instanceof Map<?, ?> object) {
      return object;
    }
    throw new JsonException("not an object");
  }

  /** The objects in a JSON array that has been parsed; anything else is left out. */
  static List<Map<?, ?>> objects(@Nullable Object value) {
    List<?> items = value instanceof List<?> list ? list : List.of();
    return items.stream()
        .filter(Map.class::isInstance)
        .<Map<?, ?>>map(item -> (Map<?, ?>) item)
        .toList();
  }
}
