// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.emulator.hub.HubReport;
import oasis.emulator.hub.WireReport;
import oasis.os.FileErrors;
import oasis.os.OsException;

/**
 * What a run gave.
 *
 * @param topology its name
 * @param seed of the losses
 * @param programs in the order in which they were asked for
 * @param links what the shaped links did
 * @param doubts why the run is invalid; empty when it is valid
 * @param settings kernel settings of each node
 */
record RunResult(
    String topology,
    long seed,
    List<ProgramResult> programs,
    HubReport links,
    List<String> doubts,
    Map<String, Map<String, String>> settings) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * A program's end.
   *
   * @param stopped whether the time limit ended it; its status is no failure then
   */
  record ProgramResult(
      String node, String command, int status, boolean stopped, String output, String errors) {
    boolean good() {
      return stopped || status == 0;
    }
  }

  boolean valid() {
    return doubts.isEmpty();
  }

  /** Returns why the run is not good, a line each; empty when it is. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    for (ProgramResult program : programs) {
      if (!program.good()) {
        faults.add(
            "%s: %s: exit status %d, see %s"
                .formatted(program.node(), program.command(), program.status(), program.errors()));
      }
    }
    doubts.forEach(doubt -> faults.add("INVALID: " + doubt));
    return faults;
  }

  String json() throws OsException {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("topology", topology);
    fields.put("seed", seed);
    fields.put("valid", valid());
    fields.put("doubts", doubts);
    fields.put("programs", programs);
    fields.put("links", links);
    fields.put("settings", settings);
    fields.put("java", System.getProperty("java.version"));
    fields.put("kernel", System.getProperty("os.version"));
    return toJson(fields);
  }

  static String toJson(Object value) throws OsException {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new OsException("result: " + e.getMessage(), e);
    }
  }

  void write(Path file) throws OsException {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, json() + "\n");
    } catch (IOException e) {
      throw new OsException("cannot write " + file + ": " + FileErrors.reason(e), e);
    }
  }

  private static String more(long packets, String what) {
    return packets == 0 ? "" : ", " + packets + " " + what;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    for (ProgramResult program : programs) {
      text.append(
          program.stopped()
              ? "%s: %s: stopped at the time limit%n".formatted(program.node(), program.command())
              : "%s: %s: exit status %d%n"
                  .formatted(program.node(), program.command(), program.status()));
    }
    for (WireReport wire : links.wires()) {
      text.append(
          "link %s %s: %d packets in, %d out, %d lost, %d dropped by the queue%s%n"
              .formatted(
                  wire.link(),
                  wire.direction(),
                  wire.received(),
                  wire.sent(),
                  wire.lost(),
                  wire.queueDrops(),
                  more(wire.reordered(), "reordered") + more(wire.duplicated(), "duplicated")));
    }
    if (links.packets() > 0) {
      text.append(
          "lateness p50 %d us, p90 %d us, p99 %d us%n"
              .formatted(
                  links.latenessP50Ns() / 1000,
                  links.latenessP90Ns() / 1000,
                  links.latenessP99Ns() / 1000));
    }
    return text.toString();
  }
}
