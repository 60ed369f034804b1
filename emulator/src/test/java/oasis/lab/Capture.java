// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.os.OsException;

/** A tcpdump at work. What it saw is complete: a capture that lost packets fails. */
public final class Capture implements AutoCloseable {
  private static final int SIGINT = 2;

  private final Program tcpdump;

  private Capture(Program tcpdump) {
    this.tcpdump = tcpdump;
  }

  /**
   * Starts one and waits until it sees packets.
   *
   * @param direction {@code in}, {@code out} or {@code inout}
   * @param filter in the language of tcpdump
   */
  public static Capture start(Node node, String device, String direction, String filter)
      throws OsException {
    Program tcpdump =
        node.start(
            Command.of(
                List.of(
                    "tcpdump", "-n", "-l", "-tt", "-i", device, "-Q", direction, "-s", "128", "-B",
                    "16384", filter)));
    tcpdump.awaitLine("listening on", Lab.LONG);
    return new Capture(tcpdump);
  }

  /** Waits for a packet of which it prints a line with {@code text}, and returns that line. */
  public String await(String text) throws OsException {
    return tcpdump.awaitLine(text, Lab.LONG);
  }

  /** Ends it and returns the line of each packet. */
  public List<String> stop() throws OsException {
    tcpdump.signal(SIGINT);
    assertThat(tcpdump.waitFor(Lab.LONG)).as(tcpdump.errors()).isZero();
    assertThat(tcpdump.errors()).contains("\n0 packets dropped by kernel");
    return tcpdump.output().lines().toList();
  }

  @Override
  public void close() {
    tcpdump.close();
  }
}
