// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.exit.engine.FlowInfo;
import org.jspecify.annotations.Nullable;

/** What {@code whois} found, as text and as JSON. For one thread. */
final class WhoisReport {
  private final OuterTuple asked;
  private final Instant time;
  private final FlowHistory history;
  private final List<String> notes = new ArrayList<>();
  private List<FlowHistory.Answer> answers = List.of();

  /**
   * @param history which is filled by the caller before anything is printed
   */
  WhoisReport(OuterTuple asked, Instant time, FlowHistory history) {
    this.asked = asked;
    this.time = time;
    this.history = history;
  }

  /** Adds something that the reader should know. */
  void note(String note) {
    notes.add(note);
  }

  /** Takes what the log's reader has to say, after it has read. */
  void read(FlowLogReader reader) {
    Instant first = history.first();
    if (first == null || first.isAfter(time)) {
      note("the flow log begins at " + (first == null ? "no time: it is empty" : first));
    }
    if (history.lost() > 0) {
      note("%d lines of the flow log are known to be missing".formatted(history.lost()));
    }
    if (reader.unreadable() > 0) {
      note("%d lines of the flow log are unreadable".formatted(reader.unreadable()));
    }
  }

  /** Takes the answer of the running node, after the log; empty when it was not asked. */
  void node(Map<String, @Nullable Object> answer) {
    Instant now = now(answer.get("now"));
    for (Object each : answer.get("flows") instanceof List<?> list ? list : List.of()) {
      if (now != null && each instanceof Map<?, ?> flow) {
        history.live(flow(flow), now);
      }
    }
    answers = history.answers();
    if (answers.stream().anyMatch(each -> each.match() != FlowHistory.Match.EXACT)) {
      note(
          "the kernel translated (kernel backend): it keeps a flow's port unless another one, or"
              + " the host itself, has it towards the same destination; its address is not"
              + " recorded");
    }
  }

  private static @Nullable Instant now(@Nullable Object text) {
    try {
      return text == null ? null : Instant.parse(text.toString());
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static FlowInfo flow(Map<?, ?> map) {
    return new FlowInfo(
        text(map, "protocol"),
        text(map, "client"),
        (int) number(map, "key"),
        text(map, "source"),
        text(map, "mapped"),
        text(map, "destination"),
        text(map, "state"),
        number(map, "ageMs"),
        number(map, "outPkts"),
        number(map, "outBytes"),
        number(map, "inPkts"),
        number(map, "inBytes"));
  }

  private static String text(Map<?, ?> map, String name) {
    return String.valueOf(map.get(name));
  }

  private static long number(Map<?, ?> map, String name) {
    return map.get(name) instanceof Number number ? number.longValue() : 0;
  }

  /** Whether there is an answer. */
  boolean found() {
    return !answers.isEmpty();
  }

  /** As JSON. */
  Map<String, Object> json() {
    List<Object> list = new ArrayList<>();
    for (FlowHistory.Answer each : answers) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("atTheTime", each.atTheTime());
      answer.put("match", each.match().name().toLowerCase(Locale.ROOT));
      answer.put("began", each.began());
      if (each.ended() != null) {
        answer.put("ended", each.ended());
      }
      answer.put("how", each.how());
      answer.put("flow", each.flow());
      list.add(answer);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("asked", asked.toString());
    json.put("time", time);
    json.put("answers", list);
    json.put("notes", notes);
    return json;
  }

  /** For people. */
  void print(PrintWriter out) {
    out.printf(
        "%s at %s: %s%n", asked, time, answers.isEmpty() ? "nobody is known" : found(answers));
    for (FlowHistory.Answer each : answers) {
      FlowInfo flow = each.flow();
      out.printf(
          "%nclient %s%s%s%n  inside  %s %s -> %s%n  outside %s (%s)%n  %s to %s%n  out %d packets,"
              + " %d bytes; in %d packets, %d bytes%s%n",
          flow.client(),
          flow.key() == 0 ? "" : ", key " + flow.key(),
          each.atTheTime() ? "" : ", not at the very time",
          flow.protocol(),
          flow.source(),
          flow.destination(),
          OuterTuple.byKernel(flow) ? "by the kernel, behind " + flow.mapped() : flow.mapped(),
          each.match().name().toLowerCase(Locale.ROOT),
          each.began(),
          end(each),
          flow.outPkts(),
          flow.outBytes(),
          flow.inPkts(),
          flow.inBytes(),
          isLast(each) ? "" : ", when last heard of");
    }
    notes.forEach(note -> out.printf("%nnote: %s%n", note));
  }

  private static String found(List<FlowHistory.Answer> answers) {
    long clients = answers.stream().map(each -> each.flow().identity()).distinct().count();
    return clients == 1 ? "1 client" : clients + " clients";
  }

  /** Whether the counters are the last ones. */
  private static boolean isLast(FlowHistory.Answer answer) {
    return !answer.how().equals("crash") && !answer.how().equals("unknown");
  }

  private static String end(FlowHistory.Answer answer) {
    Instant ended = answer.ended();
    return switch (answer.how()) {
      case "lives" -> "now: it lives";
      case "crash" -> ended + " at the latest: the exit node ended without a word";
      case "unknown" -> ended == null ? "an end that is not recorded" : ended + " at the latest";
      default -> ended + ", " + answer.how();
    };
  }
}
