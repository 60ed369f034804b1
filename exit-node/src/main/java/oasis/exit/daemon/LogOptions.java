// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what is written down. */
final class LogOptions {
  @Option(
      names = "--flow-log",
      paramLabel = "FILE",
      description = "Write the beginning and end of each flow to this file, as JSON lines.")
  private @Nullable Path flowLog;

  @Option(
      names = "--flow-log-size",
      paramLabel = "BYTES",
      defaultValue = "67108864",
      description = "Size at which the flow log is rotated (default: ${DEFAULT-VALUE}).")
  private long flowLogBytes;

  @Option(
      names = "--flow-log-files",
      paramLabel = "N",
      defaultValue = "4",
      description = "Older flow log files that are kept (default: ${DEFAULT-VALUE}).")
  private int flowLogFiles;

  @Option(
      names = "--log",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "error, warn, info or debug (default: ${DEFAULT-VALUE}).")
  private String log = "";

  FlowLogSettings flowLog() {
    return new FlowLogSettings(flowLog, flowLogBytes, flowLogFiles);
  }

  String level() {
    if (!List.of("error", "warn", "info", "debug").contains(log.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("--log takes error, warn, info or debug, not " + log);
    }
    return log;
  }
}
