// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import oasis.exit.engine.Rates;
import oasis.io.control.JsonException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code exit classes}. */
@Command(
    name = "classes",
    description = "Shows the classes of traffic, and what waits, was sent, dropped and marked.")
final class ClassesCommand extends ListingCommand {
  private static final String ROW = "%-16s %-4s %9s %9s %13s %9s %9s %9s %8s %8s%n";

  @Override
  String path() {
    return "/v1/classes";
  }

  @Override
  void print(@Nullable Object parsed, PrintWriter out) throws JsonException {
    Map<?, ?> answer = object(parsed);
    out.printf(
        "cap out %s, cap in %s%n",
        rate(answer.get("outBitsPerSecond")), rate(answer.get("inBitsPerSecond")));
    out.printf(
        ROW, "class", "", "waiting", "sent", "bytes", "full", "late", "marked", "p50 ms", "p99 ms");
    List<Map<?, ?>> classes = objects(answer.get("classes"));
    for (Map<?, ?> one : classes) {
      row(one.get("name"), "out", one.get("out"), out);
      row("", "in", one.get("in"), out);
    }
    for (Map<?, ?> one : classes) {
      out.printf("class: %s%n", one.get("text"));
    }
  }

  private static String rate(@Nullable Object bitsPerSecond) {
    return bitsPerSecond instanceof Long rate && rate > 0 ? Rates.text(rate) : "none";
  }

  private static void row(
      @Nullable Object name, String direction, @Nullable Object statistics, PrintWriter out) {
    if (statistics instanceof Map<?, ?> of) {
      out.printf(
          ROW,
          name,
          direction,
          of.get("waitingPkts"),
          of.get("sentPkts"),
          of.get("sentBytes"),
          of.get("fullPkts"),
          of.get("latePkts"),
          of.get("markedPkts"),
          ms(of.get("delayP50Us")),
          ms(of.get("delayP99Us")));
    } else {
      out.printf("%-16s %-4s not counted: nothing waits in this direction%n", name, direction);
    }
  }

  private static String ms(@Nullable Object us) {
    return us instanceof Long number ? "%.2f".formatted(number / 1e3) : "";
  }
}
