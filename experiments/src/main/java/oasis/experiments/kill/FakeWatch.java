// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import oasis.emulator.Command;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;

/**
 * Captures, for the whole run, each packet of either family with a fake address at the interface
 * behind which the rest of the world is.
 */
final class FakeWatch implements AutoCloseable {
  static final String FAKES4 = "198.18.0.0/15";
  static final String FAKES6 = "fdc6:1200:4710::/48";

  private static final int SIGINT = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** After which a packet that has passed has been printed. */
  private static final long PRINTED_MS = 100;

  private final List<String> packets;
  private final Program tcpdump;

  private FakeWatch(List<String> packets, Program tcpdump) {
    this.packets = packets;
    this.tcpdump = tcpdump;
  }

  /** Begins, and returns when packets are seen. */
  static FakeWatch start(Node host) throws OsException {
    List<String> packets = new CopyOnWriteArrayList<>();
    List<String> argv = new ArrayList<>(List.of("tcpdump", "-n", "-tt", "-l", "--immediate-mode"));
    argv.addAll(List.of("-i", KillNetwork.UPLINK, "-s", "128", "-B", "16384"));
    argv.add("net " + FAKES4 + " or net " + FAKES6);
    Command command =
        Command.of(argv)
            .withListener(
                line -> {
                  // Each packet's line begins with its time.
                  if (line.matches("[0-9]{9,}\\.[0-9]+ .*")) {
                    packets.add(line);
                  }
                });
    Program tcpdump = host.start(command);
    tcpdump.awaitLine("listening on", PATIENCE);
    return new FakeWatch(packets, tcpdump);
  }

  /** How many packets it has seen. */
  int count() throws OsException {
    Pause.ms(PRINTED_MS);
    return packets.size();
  }

  /** The packets from a number on, as tcpdump prints them. */
  List<String> since(int number) throws OsException {
    int end = count();
    return List.copyOf(packets.subList(number, end));
  }

  /** Ends it; true when the kernel says that it has kept nothing back. */
  boolean complete() throws OsException {
    tcpdump.signal(SIGINT);
    tcpdump.waitFor(PATIENCE);
    return tcpdump.errors().contains("\n0 packets dropped by kernel");
  }

  @Override
  public void close() {
    tcpdump.close();
  }
}
