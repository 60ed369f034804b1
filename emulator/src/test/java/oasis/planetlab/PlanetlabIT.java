// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.lab.Blob;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.link.LinkSettings;
import org.junit.jupiter.api.Test;

/** Where requests go, what the kernel does, and transfers over good and bad paths. */
class PlanetlabIT extends InPortLab {
  private static final long TWO_PERCENT_PPB = 20_000_000;
  private static final int FIRST_SINK = 9_000;

  /** More take longer than a test should; the experiment has more. */
  private static final long BAD_PATH_BYTES = Long.getLong("oasis.badpath.bytes", 20_000_000L);

  @Test
  void rulesDecideByTheNameOfTheRequestAndTheKernelStaysSilent() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    startPortWithOverlay();
    watchAnswers();
    assertThat(curl("http://" + Servers.NAME + "/who")).isEqualTo(Lab.EXIT);
    assertThat(curl("http://" + Servers.PLAIN_NAME + "/who")).isEqualTo(Lab.CLIENT);
    assertThat(curl("http://" + Servers.NAME6 + "/who")).isEqualTo(Lab.EXIT6);
    assertThat(curl("-x", "http://[::1]:4712", "http://" + Servers.NAME + "/who"))
        .isEqualTo(Lab.EXIT);
    assertThat(curl("-p", "http://" + Servers.NAME + "/who")).isEqualTo(Lab.EXIT);
    String wget = "wget -q -O - -e use_proxy=yes -e http_proxy=" + PROXY + " http://";
    assertThat(lab.run((wget + Servers.PLAIN_NAME + "/who").split(" "))).isEqualTo(Lab.CLIENT);
    assertThat(curl("-o", "/dev/null", "-w", "%{http_code}", "http://none.test/")).isEqualTo("502");
    assertThat(watched("resets")).contains("packets 0 ");
    assertThat(watched("openings"))
        .as("one SYN-ACK for each connection, none of the kernel's")
        .contains("packets 7 ");
    JsonNode events = status().path("port").path("events");
    assertThat(events.path("accepted").asLong()).isEqualTo(7);
    assertThat(answers(502)).isEqualTo(1);
  }

  @Test
  void largeBodiesComeWholeBothWaysOverABadPath() throws Exception {
    buildWithWeb(
        LinkSettings.delay(MS)
            .withLossPpb(TWO_PERCENT_PPB)
            .withReorder(TWO_PERCENT_PPB, 2 * MS)
            .withDuplicatePpb(TWO_PERCENT_PPB));
    startPortWithOverlay();
    transferBothWays(BAD_PATH_BYTES);
  }

  @Test
  void largeBodiesComeWholeBothWays() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    startPortWithOverlay();
    transferBothWays(100_000_000);
  }

  /** A download and an upload by either way, all at a time. */
  private void transferBothWays(long bytes) throws Exception {
    Blob big = Blob.write(lab.servers().www().resolve("big"), bytes, 1);
    List<Program> sinks = new ArrayList<>();
    List<Program> programs = new ArrayList<>();
    for (String name : NAMES) {
      int sinkPort = FIRST_SINK + sinks.size();
      sinks.add(lab.servers().startSink(sinkPort));
      String tunnel = "PROXY:127.0.0.1:" + name + ":" + sinkPort + ",proxyport=" + PORT;
      programs.add(start("socat", "-u", "-b", "262144", "FILE:" + big.file(), tunnel));
      String got = lab.file("got-" + name).toString();
      programs.add(start("curl", "-sSf", "-x", PROXY, "-o", got, "http://" + name + "/big"));
    }
    for (Program program : programs) {
      assertThat(program.waitFor(Lab.LONG.multipliedBy(2))).as(program.errors()).isZero();
    }
    for (int i = 0; i < sinks.size(); i++) {
      assertSame("download of " + NAMES.get(i), lab.file("got-" + NAMES.get(i)), big);
      sinks.get(i).waitFor(Lab.LONG);
      assertThat(sinks.get(i).output()).as("upload to " + NAMES.get(i)).contains(big.sha256());
    }
  }

  /** Sequence numbers are compared by their sign, and come round. */
  @Test
  void moreThanFourGigabytesPassOneConnection() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    startPort();
    long bytes = 4_500_000_000L;
    Path huge = lab.servers().www().resolve("huge");
    try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
      file.setLength(bytes); // takes no room
    }
    String url = "http://" + Servers.PLAIN_NAME + "/huge";
    assertThat(curl("-m", "300", "-f", "-o", "/dev/null", "-w", "%{size_download}", url))
        .isEqualTo(Long.toString(bytes));
    Program sink = lab.servers().startCounter(FIRST_SINK);
    String tunnel = "PROXY:127.0.0.1:" + Lab.SERVER + ":" + FIRST_SINK + ",proxyport=" + PORT;
    Program program = start("socat", "-u", "-b", "262144", "FILE:" + huge, tunnel);
    assertThat(program.waitFor(Lab.LONG.multipliedBy(2))).as(program.errors()).isZero();
    assertThat(sink.waitFor(Lab.LONG)).isZero();
    assertThat(sink.output().strip()).isEqualTo(Long.toString(bytes));
  }

  private Program start(String... argv) throws Exception {
    return lab.client().start(Command.of(List.of(argv)));
  }

  @Test
  void twoHundredDownloadsAtATimeComeWholeByEitherWay() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    startPortWithOverlay();
    Blob blob = Blob.write(lab.servers().www().resolve("some"), 100_000, 2);
    for (String name : NAMES) {
      downloadAtOnce(200, name, blob);
    }
    assertThat(status().path("port").path("answers").size()).isZero();
  }
}
