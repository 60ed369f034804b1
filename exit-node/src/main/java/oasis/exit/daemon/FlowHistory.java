// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.exit.engine.FlowInfo;
import org.jspecify.annotations.Nullable;

/**
 * Puts lines of the flow log, in their order, and the flows of the running node together to the
 * flows that may be the asked one. A flow is known by its ends: no two with the same ends live at a
 * time. Confined to one thread.
 */
final class FlowHistory {
  /** How sure an answer is. */
  enum Match {
    /** The log has the outer address and port. */
    EXACT,
    /** The kernel translated, and keeps a port that no other flow to this destination has. */
    LIKELY,
    /** The kernel translated, and may have given this flow the asked port. */
    POSSIBLE
  }

  /**
   * One flow that may be the asked one.
   *
   * @param atTheTime false when it lived only within the tolerance around the asked time
   * @param ended null while it lives, or when nothing is known of its end
   * @param how it ended: {@code closed}, {@code idle}, {@code stopped}; {@code lives}; {@code
   *     crash} when the process ended without a word, at {@code ended} at the latest; {@code
   *     unknown} when its end was not recorded
   * @param flow as last heard of
   */
  record Answer(
      boolean atTheTime,
      Match match,
      Instant began,
      @Nullable Instant ended,
      String how,
      FlowInfo flow) {}

  private record Ends(String protocol, String client, String source, String mapped, String to) {
    static Ends of(FlowInfo flow) {
      return new Ends(
          flow.protocol(), flow.identity(), flow.source(), flow.mapped(), flow.destination());
    }
  }

  private record Life(Instant began, @Nullable Instant ended, String how, FlowInfo flow) {}

  /** A report gives whole seconds. */
  private static final Duration RESOLUTION = Duration.ofSeconds(1);

  /** How much the beginning of a flow may differ by its age and by the log. */
  private static final Duration SLACK = Duration.ofSeconds(2);

  private final OuterTuple asked;
  private final Instant time;
  private final Duration tolerance;
  private final Map<Ends, Life> open = new LinkedHashMap<>();
  private final List<Life> ended = new ArrayList<>();
  private @Nullable Instant first;
  private long lost;

  /**
   * @param tolerance how far clocks may be apart
   */
  FlowHistory(OuterTuple asked, Instant time, Duration tolerance) {
    this.asked = asked;
    this.time = time;
    this.tolerance = tolerance;
  }

  /** Takes the next line of the log. */
  void add(FlowLine line) {
    if (first == null) {
      first = line.time();
    }
    FlowInfo flow = line.flow();
    if (flow == null) {
      if (line.event() == FlowLine.Event.START) {
        open.values().forEach(life -> end(life, line.time(), "crash"));
        open.clear();
      } else {
        lost += Long.parseLong(line.word());
      }
    } else if (asked.matches(flow)) {
      flow(line, flow);
    }
  }

  private void flow(FlowLine line, FlowInfo flow) {
    Ends ends = Ends.of(flow);
    if (line.event() == FlowLine.Event.BEGIN) {
      Life before = open.put(ends, new Life(line.time(), null, "unknown", flow));
      if (before != null) {
        end(before, line.time(), "unknown");
      }
      return;
    }
    Life life = open.remove(ends);
    Instant began = life == null ? line.began() : life.began;
    if (line.event() == FlowLine.Event.END) {
      end(new Life(began, null, "", flow), line.time(), line.word());
    } else {
      open.put(ends, new Life(began, null, "unknown", flow));
    }
  }

  private void end(Life life, Instant when, String how) {
    if (concerns(life.began, when)) {
      ended.add(new Life(life.began, when, how, life.flow));
    }
  }

  /** Takes a flow that the running node has. */
  void live(FlowInfo flow, Instant now) {
    Ends ends = Ends.of(flow);
    if (!asked.matches(flow) || endedSince(ends, now)) {
      return;
    }
    Instant began = now.minusMillis(flow.ageMs());
    Life life = open.remove(ends);
    if (life != null && life.began.plus(SLACK).isBefore(began)) {
      end(life, began, "unknown"); // another one with the same ends
    } else if (life != null) {
      began = life.began;
    }
    open.put(ends, new Life(began, null, "lives", flow));
  }

  /** The log was read after the node had been asked. */
  private boolean endedSince(Ends ends, Instant when) {
    return ended.stream()
        .anyMatch(
            life ->
                life.ended != null
                    && !life.ended.isBefore(when)
                    && Ends.of(life.flow).equals(ends));
  }

  private boolean concerns(Instant began, @Nullable Instant end) {
    return began.isBefore(time.plus(tolerance).plus(RESOLUTION))
        && (end == null || !end.isBefore(time.minus(tolerance)));
  }

  private boolean atTheTime(Life life) {
    return life.began.isBefore(time.plus(RESOLUTION))
        && (life.ended == null || !life.ended.isBefore(time));
  }

  /** When the log begins; null when it is empty. */
  @Nullable Instant first() {
    return first;
  }

  /** Lines that are known to be missing. */
  long lost() {
    return lost;
  }

  /** The answers, the best first. */
  List<Answer> answers() {
    List<Life> lives = new ArrayList<>(ended);
    open.values().stream().filter(life -> concerns(life.began, null)).forEach(lives::add);
    lives.sort(Comparator.comparing(Life::began));
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < lives.size(); i++) {
      Life life = lives.get(i);
      Match match = match(life, lives.subList(0, i));
      answers.add(new Answer(atTheTime(life), match, life.began, life.ended, life.how, life.flow));
    }
    boolean known = answers.stream().anyMatch(each -> each.atTheTime && each.match == Match.LIKELY);
    answers.removeIf(each -> known && each.match == Match.POSSIBLE);
    answers.sort(Comparator.comparing(Answer::atTheTime).reversed().thenComparing(Answer::match));
    return answers;
  }

  /**
   * @param earlier those that began before
   */
  private Match match(Life life, List<Life> earlier) {
    if (!OuterTuple.byKernel(life.flow)) {
      return Match.EXACT;
    }
    // Whoever had the port first kept it; the kernel moved those that came while it had it.
    boolean moved =
        earlier.stream()
            .anyMatch(
                other ->
                    asked.hasPort(other.flow)
                        && other.flow.destination().equals(life.flow.destination())
                        && (other.ended == null || other.ended.isAfter(life.began)));
    return asked.hasPort(life.flow) && !moved ? Match.LIKELY : Match.POSSIBLE;
  }
}
