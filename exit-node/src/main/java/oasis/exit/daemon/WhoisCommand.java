// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code exit whois}. */
@Command(
    name = "whois",
    mixinStandardHelpOptions = true,
    description = {
      "Says which client was behind a connection that a destination saw at a time: from the flow"
          + " log, which is read also while no exit node runs, and from the running exit node.",
      "For example: oasis exit whois tcp 198.51.100.1:61000 203.0.113.9:80 2026-03-01T14:30:00Z",
      "Ends with 1 when nobody is found."
    })
final class WhoisCommand implements Callable<Integer> {
  private static final int MAX_WITHIN = 86_400;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Parameters(
      arity = "0..*",
      hideParamSyntax = true,
      paramLabel = "PROTOCOL SOURCE [DESTINATION] TIME",
      description =
          "tcp, udp or icmp; this node's address and port (of a ping its identifier); address and"
              + " port of the destination, if it is known; the time with its zone, as in"
              + " 2026-03-01T14:30:00Z, 2026-03-01T15:30:00+01:00, '01/Mar/2026:14:30:00 +0000', or"
              + " now.")
  private List<String> words = List.of();

  @Option(
      names = "--flow-log",
      paramLabel = "FILE",
      description = "The flow log (default: that of the file or of the running exit node).")
  private @Nullable Path flowLog;

  @Option(
      names = ConfigSource.CONFIG,
      paramLabel = "FILE",
      description = "The exit node's configuration file, which names the flow log.")
  private @Nullable Path file;

  @Option(
      names = "--within",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description =
          "Also name flows that lived within this time of TIME, since clocks differ (default:"
              + " ${DEFAULT-VALUE}).")
  private int within;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException, ConfigException {
    if (words.size() < 3 || words.size() > 4) {
      throw new ParameterException(
          spec.commandLine(),
          "say PROTOCOL SOURCE [DESTINATION] TIME, a time with a blank in quotes");
    }
    if (within < 0 || within > MAX_WITHIN) {
      throw new IllegalArgumentException("--within takes 0 to %d seconds".formatted(MAX_WITHIN));
    }
    int last = words.size() - 1;
    OuterTuple asked = OuterTuple.parse(String.join(" ", words.subList(0, last)));
    Instant time = WhoisTime.parse(words.get(last), Instant.now());
    FlowHistory history = new FlowHistory(asked, time, Duration.ofSeconds(within));
    WhoisReport report = new WhoisReport(asked, time, history);

    Path log = flowLog;
    if (log == null && file != null) {
      log = ConfigSource.of(file).read().config().flowLog().file();
    }
    Map<String, @Nullable Object> node = Map.of();
    try {
      String tuple = URLEncoder.encode(asked.toString(), UTF_8);
      node = socket.get("/v1/whois?tuple=" + tuple);
      if (log == null && node.get("flowLog") instanceof String path && !path.isEmpty()) {
        log = Path.of(path);
      }
    } catch (IOException e) {
      report.note("the running exit node was not asked: " + e.getMessage());
      if (log == null) {
        throw new IOException(e.getMessage() + "; give --flow-log FILE, or --config FILE", e);
      }
    }
    if (log == null) {
      report.note("there is no flow log (--flow-log): only flows that live now are known");
    } else {
      FlowLogReader reader = new FlowLogReader(asked, history);
      reader.read(log);
      report.read(reader);
    }
    report.node(node);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ExitMain.printJson(out, report.json());
    } else {
      report.print(out);
    }
    return report.found() ? 0 : 1;
  }
}
