// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Command;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.os.OsException;

/** A tcpdump at work. What it saw is complete: a capture that lost packets fails. */
public final class Capture implements AutoCloseable {
  private static final int SIGINT = 2;
  private static final int SIGUSR1 = 10;
  private static final Pattern COUNTS =
      Pattern.compile("([0-9]+) packets? captured, ([0-9]+) packets? received by filter");

  private final Program tcpdump;

  private Capture(Program tcpdump) {
    this.tcpdump = tcpdump;
  }

  /**
   * Starts one and waits until it sees packets.
   *
   * @param filter in the language of tcpdump; not {@code inbound} or {@code outbound}, for which it
   *     loses the first packet
   */
  public static Capture start(Node node, String device, String filter) throws OsException {
    List<String> argv = new ArrayList<>(List.of("tcpdump", "-n", "-l", "--immediate-mode"));
    argv.addAll(List.of("-i", device, "-s", "128", "-B", "16384", filter));
    Program tcpdump = node.start(Command.of(argv));
    tcpdump.awaitLine("listening on", Lab.LONG);
    return new Capture(tcpdump);
  }

  /** Waits for a packet of which it prints a line with {@code text}, and returns that line. */
  public String await(String text) throws OsException {
    return tcpdump.awaitLine(text, Lab.LONG);
  }

  /** Ends it, once it has printed all packets that came until now, and returns a line for each. */
  public List<String> stop() throws Exception {
    Lab.await("tcpdump has seen all", this::hasSeenAll);
    tcpdump.signal(SIGINT);
    assertThat(tcpdump.waitFor(Lab.LONG)).as(tcpdump.errors()).isZero();
    assertThat(tcpdump.errors()).contains("\n0 packets dropped by kernel");
    // It ends its output with an empty line when a signal ends it.
    return tcpdump.output().lines().filter(line -> !line.isEmpty()).toList();
  }

  /** Asks for its counts, to be there when this is called again, and compares the last ones. */
  private boolean hasSeenAll() throws OsException {
    tcpdump.signal(SIGUSR1);
    Matcher counts = COUNTS.matcher(tcpdump.errors());
    return counts.results().reduce((first, second) -> second).stream()
        .anyMatch(last -> last.group(1).equals(last.group(2)));
  }

  @Override
  public void close() {
    tcpdump.close();
  }
}
