// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.link.LinkSettings;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.Test;

/** What its user sees who starts, asks, changes and stops the port. */
class PlanetlabStartIT extends InPortLab {
  private static final int SIGKILL = 9;

  /** Runs {@code oasis planetlab} with some capabilities. */
  private CommandRunner.Result planetlab(String capabilities, String... words) throws Exception {
    List<String> argv = new ArrayList<>(List.of("setpriv", "--bounding-set", capabilities));
    argv.addAll(List.of(Daemons.script().toString(), "planetlab"));
    argv.addAll(List.of(words));
    return lab.client().exec(Lab.LONG, argv.toArray(String[]::new));
  }

  private String ask(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--control", lab.file("port.sock").toString()));
    CommandRunner.Result result = planetlab("-all", all.toArray(String[]::new));
    assertThat(result.status()).as(result.err()).isZero();
    return result.out();
  }

  /** Starts one with a state directory that has to fail; its only line. */
  private String refused(String capabilities, String state, String... options) throws Exception {
    List<String> words = new ArrayList<>(List.of("run", "--dns", Lab.DNS));
    words.addAll(List.of("--state", lab.file(state).toString()));
    words.addAll(List.of("--control", lab.file(state + ".sock").toString()));
    words.addAll(List.of(options));
    CommandRunner.Result result = planetlab(capabilities, words.toArray(String[]::new));
    assertThat(result.status()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).startsWith("oasis planetlab: ").hasLineCount(1);
    return result.err();
  }

  @Test
  void aStartThatCannotBeSaysWhatWouldHelp() throws Exception {
    build(LinkSettings.UNSHAPED);
    startPort();
    assertThat(refused("-all", "none", "--port", "4713")).contains("CAP_NET_RAW: run as root");
    String all = "-all,+net_raw";
    assertThat(refused(all, "other")).contains("4712 is in use").contains("--port chooses");
    assertThat(refused(all, "other", "--port", "4713"))
        .contains("61000 is in use")
        .contains("--nat-ports chooses");
    Path others = Files.createDirectory(lab.file("others"));
    Files.setPosixFilePermissions(others, PosixFilePermissions.fromString("rwx------"));
    Files.setAttribute(others, "unix:uid", 65_534);
    assertThat(refused(all, "others/state", "--port", "4713"))
        .contains(others + "/state: permission denied")
        .contains("--state and --control choose");
    assertThat(refused(all, "port", "--port", "4713")).contains("runs already with the state");
    assertThat(ask("stop")).isEmpty();
    assertThat(port.waitFor(Lab.LONG)).isZero();
    startPort();
    port.signal(SIGKILL);
    port.waitFor(Lab.LONG);
    startPort();
  }

  @Test
  void rulesChangeWhileItRunsAndItSaysWhatItHasDone() throws Exception {
    buildWithWeb(LinkSettings.UNSHAPED);
    startPortWithOverlay();
    assertThat(ask("status")).contains("Connections 0 of 16384;").doesNotContain("COUNTED");
    String url = "http://" + Servers.PLAIN_NAME + "/who";
    assertThat(curl(url)).isEqualTo(Lab.CLIENT);
    ask("rule", "add", "name:" + Servers.PLAIN_NAME + " " + Daemons.OVERLAY);
    assertThat(curl(url)).isEqualTo(Lab.EXIT);
    assertThat(ask("flows")).contains(Lab.SERVER + ":80").contains(Servers.PLAIN_NAME);
    assertThat(curl("-D", "-", "http://127.0.0.1:8080/"))
        .startsWith("HTTP/1.1 502 ")
        .contains("destination_ip_prohibited");
    assertThat(ask("status"))
        .contains("; answered by the port itself: 502 1")
        .containsPattern("3 +accepted +connections that programs began");
  }
}
