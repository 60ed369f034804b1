// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Node;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Runs the unmodified programs in the client's host and reads what they print. */
final class Programs {
  private static final Pattern PING_TIME = Pattern.compile("time=([0-9.]+) ms");
  private static final Pattern DIG_TIME = Pattern.compile("Query time: ([0-9]+) msec");
  private static final Pattern DIG_ANSWER = Pattern.compile("\\sIN\\s+(?:A|AAAA)\\s+([0-9a-f.:]+)");
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final Node host;
  private final ObjectMapper json = new ObjectMapper();

  Programs(Node host) {
    this.host = host;
  }

  /** Times of echoes in ms, ascending; empty when none came back. */
  List<Double> ping(String target) throws OsException {
    CommandRunner.Result result =
        host.exec(LIMIT, "ping", "-n", "-c", "5", "-i", "0.2", "-W", "2", target);
    List<Double> times = new ArrayList<>();
    Matcher line = PING_TIME.matcher(result.out());
    while (line.find()) {
      times.add(Double.valueOf(line.group(1)));
    }
    Collections.sort(times);
    return times;
  }

  /** A look-up: address and time in ms; the address is empty when there was none. */
  record Lookup(String address, double ms) {}

  /**
   * Looks a name up with the host's resolver.
   *
   * @param type of the record, {@code A} or {@code AAAA}
   */
  Lookup dig(String name, String type) throws OsException {
    String output = host.exec(LIMIT, "dig", "+tries=1", "+time=3", name, type).out();
    Matcher answer = DIG_ANSWER.matcher(output);
    Matcher time = DIG_TIME.matcher(output);
    return new Lookup(
        answer.find() ? answer.group(1) : "",
        time.find() ? Double.parseDouble(time.group(1)) : Double.NaN);
  }

  /**
   * A fetch.
   *
   * @param status curl's exit status
   * @param seconds its whole time
   * @param remote address that curl connected to
   * @param peer address that the server saw
   * @param localPort port that curl connected from
   */
  record Fetch(int status, double seconds, String remote, String peer, int localPort) {}

  /** Fetches a URL into a file. */
  Fetch curl(String url, Path file, String... more) throws OsException {
    List<String> argv = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--fail"));
    argv.addAll(List.of("--connect-timeout", "10", "--output", file.toString()));
    argv.addAll(
        List.of("--write-out", "%{time_total} %{remote_ip} %{local_port} %header{x-peer}\n"));
    argv.addAll(List.of(more));
    argv.add(url);
    CommandRunner.Result result = host.exec(LIMIT, argv.toArray(String[]::new));
    String[] words = result.out().strip().split(" ", -1);
    return words.length < 3
        ? new Fetch(result.status(), Double.NaN, "", "", 0)
        : new Fetch(
            result.status(),
            Double.parseDouble(words[0]),
            words[1],
            words.length > 3 ? words[3] : "",
            Integer.parseInt(words[2]));
  }

  /** Carrier of the connection from a local port; "underlay" when the client does not have it. */
  String carrierOf(Path control, int localPort) throws OsException {
    for (JsonNode flow : ask(control, "flows")) {
      if (flow.path("protocol").asText().equals("tcp")
          && flow.path("program").asText().endsWith(":" + localPort)) {
        return flow.path("carrier").asText();
      }
    }
    return "underlay";
  }

  /** Whether the client says that an overlay serves new connections. */
  boolean alive(Path control, String overlay) throws OsException {
    for (JsonNode carrier : ask(control, "status").path("carriers")) {
      if (carrier.path("name").asText().equals(overlay)) {
        return carrier.path("state").asText().equalsIgnoreCase("alive");
      }
    }
    return false;
  }

  private JsonNode ask(Path control, String what) throws OsException {
    String url = "http://oasis/v1/" + what;
    CommandRunner.Result result =
        host.exec(LIMIT, "curl", "-sSf", "--unix-socket", control.toString(), url);
    if (!result.ok()) {
      throw new OsException("the client does not say its " + what + ": " + result.err().strip());
    }
    try {
      return json.readTree(result.out());
    } catch (IOException e) {
      throw new OsException("the client's " + what + " is not JSON: " + e.getMessage(), e);
    }
  }

  /** SHA-256 of a file, in hexadecimal; empty when there is no such file. */
  static String sha256(Path file) throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] block = new byte[65_536];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        digest.update(block, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
