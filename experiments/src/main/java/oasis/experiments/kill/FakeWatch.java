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
 * behind which the rest of the world is. Confined to one thread.
 */
final class FakeWatch implements AutoCloseable {
  static final String FAKES4 = "198.18.0.0/15";
  static final String FAKES6 = "fdc6:1200:4710::/48";

  private static final int SIGUSR1 = 10;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** After which a packet that has passed has been printed. */
  private static final long PRINTED_MS = 100;

  private static final int COUNTER_TRIES = 50;

  private final List<String> packets;
  private final Program tcpdump;
  private int reported;

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

  /** What has passed since it began, or since this was asked last. */
  Capture next() throws OsException {
    Pause.ms(PRINTED_MS);
    int end = packets.size();
    List<String> fresh = List.copyOf(packets.subList(reported, end));
    reported = end;
    return new Capture(fresh, complete());
  }

  /** Asks for the counters; true when the kernel has kept nothing back. */
  private boolean complete() throws OsException {
    int before = counters().size();
    tcpdump.signal(SIGUSR1);
    for (int i = 0; i < COUNTER_TRIES && counters().size() == before; i++) {
      Pause.ms(PRINTED_MS);
    }
    List<String> now = counters();
    return now.size() > before
        && now.stream().allMatch(line -> line.contains(" 0 packets dropped by kernel"));
  }

  private List<String> counters() throws OsException {
    return tcpdump.errors().lines().filter(line -> line.contains("dropped by kernel")).toList();
  }

  @Override
  public void close() {
    tcpdump.close();
  }
}
