// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import oasis.io.config.ConfigException;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.io.control.Response;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that every command which asks the running client has, and the asking. */
final class DaemonOptions {
  /** Where the client is asked; who embeds one has another default for it. */
  static final String CONTROL = "--control";

  @Option(
      names = CONTROL,
      paramLabel = "PATH",
      defaultValue = Settings.DEFAULT_CONTROL,
      description = "control socket of the client (${DEFAULT-VALUE})")
  private Path control = Path.of(Settings.DEFAULT_CONTROL);

  /** The answer's body. */
  byte[] get(String path) throws IOException, ConfigException {
    return body(client().get(path));
  }

  void post(String path, Map<String, ?> json) throws IOException, ConfigException {
    ask(path, json);
  }

  /** Posts, and returns the answer's body. */
  byte[] ask(String path, Map<String, ?> json) throws IOException, ConfigException {
    return body(client().post(path, json));
  }

  void delete(String path) throws IOException, ConfigException {
    body(client().delete(path));
  }

  /** Tells it to stop and waits for the end of its process, as {@link ControlClient#stop} does. */
  void stop(@Nullable Object pid) throws IOException, ConfigException {
    body(client().stop(pid));
  }

  /** Text as one segment of a path or value of a query. */
  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /**
   * Prints a list that the client answered: as it is for programs, or as a table.
   *
   * @param row the cells of one object of the list
   */
  static void printList(
      PrintWriter out,
      byte[] answer,
      boolean json,
      Table table,
      Function<Map<?, ?>, @Nullable Object[]> row)
      throws IOException {
    if (json) {
      printJson(out, answer);
      return;
    }
    for (Map<?, ?> one : objects(parse(answer))) {
      table.row(row.apply(one));
    }
    table.print(out);
  }

  /** The JSON object. */
  static Map<String, @Nullable Object> object(byte[] json) throws IOException {
    try {
      return Json.parseObject(json);
    } catch (JsonException e) {
      throw new IOException("the client's answer cannot be read: " + e.getMessage(), e);
    }
  }

  /** The objects in a JSON array that has been parsed; anything else is left out. */
  static List<Map<?, ?>> objects(@Nullable Object value) {
    if (!(value instanceof List<?> items)) {
      return List.of();
    }
    return items.stream()
        .filter(Map.class::isInstance)
        .<Map<?, ?>>map(item -> (Map<?, ?>) item)
        .toList();
  }

  /** Prints a JSON document for programs, indented. */
  static void printJson(PrintWriter out, byte[] json) throws IOException {
    out.println(new String(Json.writePretty(parse(json)), StandardCharsets.UTF_8));
    out.flush();
  }

  /** Whether something outlives this run, for a table. */
  static String saved(Map<?, ?> one) {
    return Boolean.TRUE.equals(one.get("saved")) ? "yes" : "this run";
  }

  private static @Nullable Object parse(byte[] json) throws IOException {
    try {
      return Json.parse(json);
    } catch (JsonException e) {
      throw new IOException("the client's answer cannot be read: " + e.getMessage(), e);
    }
  }

  private ControlClient client() {
    return new ControlClient(control, "client", ControlApi.SERVER);
  }

  private static byte[] body(Response response) throws ConfigException {
    if (!response.ok()) {
      throw new ConfigException(response.errorMessage());
    }
    return response.body();
  }
}
