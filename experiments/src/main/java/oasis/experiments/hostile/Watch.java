// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;
import oasis.packet.PcapReader;

/** A capture of what passes a device, by tcpdump into a file that is judged afterwards. */
final class Watch implements AutoCloseable {
  private static final int SIGINT = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /**
   * After which tcpdump has read a packet that has passed: it gets them in blocks, once a second.
   */
  private static final long SEEN_MS = 1500;

  private static final int ETHERNET_BYTES = 14;
  private static final int LINK_ETHERNET = 1;
  private static final int BUFFER_KIB = 65_536;

  private final String device;
  private final Path file;
  private final Program tcpdump;

  /** Looks at a packet; the bytes are those of the IP packet. */
  interface Look {
    void at(byte[] b, int at, int length);
  }

  private Watch(String device, Path file, Program tcpdump) {
    this.device = device;
    this.file = file;
    this.tcpdump = tcpdump;
  }

  /**
   * Begins, and returns when packets are seen.
   *
   * @param filter in tcpdump's language
   */
  static Watch start(Node node, String device, Path directory, String filter) throws OsException {
    Path file = directory.resolve(device + ".pcap");
    List<String> argv = new ArrayList<>(List.of("tcpdump", "-n", "-Z", "root", "-i", device));
    argv.addAll(List.of("-s", Integer.toString(Fuzzer.ROOM), "-B", Integer.toString(BUFFER_KIB)));
    argv.addAll(List.of("-w", file.toString(), filter));
    Program tcpdump = node.start(Command.of(argv).withName("capture-" + device));
    tcpdump.awaitLine("listening on", PATIENCE);
    return new Watch(device, file, tcpdump);
  }

  /** The device. */
  String device() {
    return device;
  }

  /** Ends it; true when the kernel says that it has kept nothing back. */
  boolean complete() throws OsException {
    Pause.ms(SEEN_MS);
    tcpdump.signal(SIGINT);
    tcpdump.waitFor(PATIENCE);
    return tcpdump.errors().contains("\n0 packets dropped by kernel");
  }

  /** Shows all IP packets of the capture that has ended. */
  void show(Look look) throws IOException {
    try (PcapReader reader = new PcapReader(new BufferedInputStream(Files.newInputStream(file)))) {
      int link = reader.linkType() == LINK_ETHERNET ? ETHERNET_BYTES : 0;
      byte[] bytes = new byte[1 << 18];
      while (reader.next()) {
        reader.packet().get(0, bytes, 0, reader.length());
        if (reader.length() > link && (link == 0 || isIp(bytes))) {
          look.at(bytes, link, reader.length() - link);
        }
      }
    }
  }

  private static boolean isIp(byte[] b) {
    int type = Sums.word(b, 12);
    return type == 0x0800 || type == 0x86dd;
  }

  /** Deletes the file: it has been judged, and nothing was wrong. */
  void forget() throws IOException {
    Files.deleteIfExists(file);
  }

  @Override
  public void close() {
    tcpdump.close();
  }
}
