// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.exit.engine.FlowInfo;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import org.jspecify.annotations.Nullable;

/**
 * One line of the flow log: a JSON object. Times are those of the host's clock, in UTC, with
 * milliseconds.
 *
 * @param event what happened
 * @param time when
 * @param flow what is known of the flow then; null for {@link Event#START} and {@link Event#LOST}
 * @param word how the flow ended, which backend started, or how many lines were lost
 */
record FlowLine(Event event, Instant time, @Nullable FlowInfo flow, String word) {
  /** What a line tells. */
  enum Event {
    /** The node started: flows without an end before this line ended with the former process. */
    START,
    /** A flow began. */
    BEGIN,
    /** A flow goes on; written now and then, so that old files need not be kept for it. */
    ALIVE,
    /** A flow ended. */
    END,
    /** Lines are missing before this one. */
    LOST;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** When the flow began. */
  Instant began() {
    return flow == null ? time : time.minusMillis(flow.ageMs());
  }

  /** Appends the line of a flow, with its line end. */
  static void append(
      StringBuilder to, Event event, long timeMs, FlowInfo flow, @Nullable EndReason why) {
    begin(to, event, timeMs);
    text(to, "began", time(timeMs - flow.ageMs()));
    text(to, "protocol", flow.protocol());
    text(to, "client", flow.client());
    number(to, "key", flow.key());
    text(to, "source", flow.source());
    text(to, "mapped", flow.mapped());
    text(to, "destination", flow.destination());
    text(to, "state", flow.state());
    number(to, "outPkts", flow.outPkts());
    number(to, "outBytes", flow.outBytes());
    number(to, "inPkts", flow.inPkts());
    number(to, "inBytes", flow.inBytes());
    if (why != null) {
      text(to, "end", why.name().toLowerCase(Locale.ROOT));
    }
    to.append("}\n");
  }

  /** The line of a start, with its line end. */
  static String start(long timeMs, String backend) {
    StringBuilder to = new StringBuilder();
    begin(to, Event.START, timeMs);
    text(to, "backend", backend);
    return to.append("}\n").toString();
  }

  /** The line that says how many are missing, with its line end. */
  static String lost(long timeMs, long lines) {
    StringBuilder to = new StringBuilder();
    begin(to, Event.LOST, timeMs);
    number(to, "lines", lines);
    return to.append("}\n").toString();
  }

  private static void begin(StringBuilder to, Event event, long timeMs) {
    to.append("{\"event\":\"").append(event.text()).append('"');
    text(to, "time", time(timeMs));
  }

  private static String time(long ms) {
    return TIME.format(Instant.ofEpochMilli(ms));
  }

  /** The engine's texts have nothing that JSON would escape. */
  private static void text(StringBuilder to, String name, String value) {
    to.append(",\"").append(name).append("\":\"").append(value).append('"');
  }

  private static void number(StringBuilder to, String name, long value) {
    to.append(",\"").append(name).append("\":").append(value);
  }

  /** Reads a line back; null when it is none, as one that a crash tore. */
  static @Nullable FlowLine parse(byte[] line) {
    try {
      Map<String, @Nullable Object> map = Json.parseObject(line);
      Event event = Event.valueOf(string(map, "event").toUpperCase(Locale.ROOT));
      Instant time = Instant.parse(string(map, "time"));
      return switch (event) {
        case START -> new FlowLine(event, time, null, string(map, "backend"));
        case LOST -> new FlowLine(event, time, null, Long.toString(number(map, "lines")));
        case BEGIN, ALIVE -> new FlowLine(event, time, flow(map, time), "");
        case END -> new FlowLine(event, time, flow(map, time), string(map, "end"));
      };
    } catch (JsonException | DateTimeException | ArithmeticException | IllegalArgumentException e) {
      return null;
    }
  }

  private static FlowInfo flow(Map<String, @Nullable Object> map, Instant time) {
    long ageMs = Duration.between(Instant.parse(string(map, "began")), time).toMillis();
    return new FlowInfo(
        string(map, "protocol"),
        string(map, "client"),
        (int) number(map, "key"),
        string(map, "source"),
        string(map, "mapped"),
        string(map, "destination"),
        string(map, "state"),
        ageMs,
        number(map, "outPkts"),
        number(map, "outBytes"),
        number(map, "inPkts"),
        number(map, "inBytes"));
  }

  private static String string(Map<String, @Nullable Object> map, String name) {
    if (map.get(name) instanceof String text) {
      return text;
    }
    throw new IllegalArgumentException(name);
  }

  private static long number(Map<String, @Nullable Object> map, String name) {
    if (map.get(name) instanceof Long number) {
      return number;
    }
    throw new IllegalArgumentException(name);
  }
}
