// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ClientMainTest {
  @TempDir private Path directory;

  private record Outcome(int status, String out, String err) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "frobnicate",
        "run --frobnicate",
        "run --mtu ten",
        "run --mtu 100",
        "run --mtu 10000",
        "run --fake-range 198.18.0.1/16",
        "run --fake-range 198.18.0.0/30",
        "run --fake-range 2001:db8::/32",
        "run --fake-range6 198.18.0.0/16",
        "run --fake-range6 2001:db8::/16",
        "run --fake-range6 2001:db8::/126",
        "run --fake-range6 off",
        "run --busy-poll 51",
        "overlay",
        "overlay add ron",
        "overlay add ron udp://192.0.2.10:7400 extra",
        "rule",
        "rule add",
        "rule remove",
        "rule add --at first tcp web",
        "rule move 1",
        "rule move one two",
        "rule disable",
        "rule enable x",
        "explain",
        "flows --limit many",
        "flows --watch=0",
        "flows --watch=-3"
      })
  void aWrongCommandLineIsOneLineAndStatusTwo(String words) {
    assertRefused(run(words.isEmpty() ? new String[0] : words.split(" ")), 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "run",
        "status",
        "flows",
        "overlay",
        "overlay add",
        "rule list",
        "rule move",
        "explain"
      })
  void everyCommandHelps(String words) {
    List<String> arguments = new ArrayList<>(List.of(words.split(" ")));
    arguments.removeIf(String::isEmpty);
    arguments.add("--help");
    Outcome outcome = run(arguments.toArray(String[]::new));

    assertThat(outcome.status()).isZero();
    assertThat(outcome.out()).startsWith("Usage: oasis client");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void withoutAClientTheQuestionIsRefused() {
    for (String words :
        List.of(
            "status",
            "flows --json",
            "overlay list",
            "overlay update ron",
            "reload",
            "stop",
            "rule list",
            "rule move 2 1",
            "explain a.b")) {
      Outcome outcome = run((words + " --control " + directory.resolve("none")).split(" "));

      assertRefused(outcome, 1);
      assertThat(outcome.err()).contains("no client is running at");
    }
  }

  @Test
  void aWrongRuleIsRefusedBeforeAnybodyIsAsked() {
    Outcome outcome = run("rule", "add", "tcp dport eighty", "web", "--control", "none");

    assertRefused(outcome, 1);
    assertThat(outcome.err()).contains("column");
  }

  @Test
  void aRuleMayBeOneWordOrMany() {
    for (String[] rule : new String[][] {{"tcp dport 80 web"}, {"tcp", "dport", "80", "web"}}) {
      List<String> words = new ArrayList<>(List.of("rule", "add"));
      words.addAll(List.of(rule));
      words.addAll(List.of("--control", directory.resolve("none").toString()));
      Outcome outcome = run(words.toArray(String[]::new));

      assertRefused(outcome, 1);
      assertThat(outcome.err()).as("it was understood").contains("no client is running");
    }
    assertRefused(run("rule", "add", "name:*.edu"), 1);
  }

  @Test
  void aWrongQuestionIsRefusedBeforeAnybodyIsAsked() {
    for (String words : new String[] {"192.0.2.1", "tcp 192.0.2.1", "sctp 192.0.2.1:80"}) {
      Outcome outcome = run(("explain " + words + " --control none").split(" "));

      assertRefused(outcome, 1);
      assertThat(outcome.err()).as(words).containsAnyOf("write a name", "lacks the port");
    }
    assertRefused(run("rule", "disable", "0", "--control", "none"), 1);
  }

  @Test
  void aWrongElseIsRefused() {
    assertRefused(run("rule", "add", "tcp dport 80", "web", "--else", "maybe"), 1);
  }

  @Test
  void aBrokenConfigurationIsNamedAndStaysAsItIs() throws Exception {
    Path state = Files.createDirectory(directory.resolve("state"));
    Path file = state.resolve(ConfigFile.NAME);
    Files.writeString(file, "<client xmlns=\"urn:oasis:client:1\">\n<rool/></client>");

    Outcome outcome = start(state);

    assertRefused(outcome, 1);
    assertThat(outcome.err()).contains(file + ", line 2: unknown element <rool>");
    assertThat(Files.readString(file)).contains("<rool/>");
    assertThat(state.resolve(FakeJournal.NAME4)).doesNotExist();
  }

  @Test
  void aWrongOverlayOrRuleOfOneRunIsRefused() {
    Path state = directory.resolve("state");

    assertThat(start(state, "--overlay", "ron").err()).contains("it must read NAME=URL");
    assertRefused(start(state, "--overlay", "ron=http://osp.example/ron.xml"), 1);
    assertRefused(start(state, "--rule", "tcp dport 80 nowhere"), 1);
    assertRefused(start(state, "--rule", "tcp dport 80\nweb"), 1);
    assertThat(state.resolve(ConfigFile.NAME)).doesNotExist();
  }

  @Test
  void aSecondClientOnOneStateDirectoryIsRefused() throws Exception {
    Path state = Files.createDirectory(directory.resolve("state"));
    try (InstanceLock first = InstanceLock.take(state.resolve("lock"), "here")) {
      assertThat(first).isNotNull();

      Outcome outcome = start(state);

      assertRefused(outcome, 1);
      assertThat(outcome.err())
          .contains("a client (process " + ProcessHandle.current().pid() + ") runs already with");
    }
  }

  @Test
  void aSecondClientInOneNetworkNamespaceIsRefused() throws Exception {
    try (InstanceLock first =
        InstanceLock.take(InstanceLock.forNamespace(directory), "in this network namespace")) {
      assertThat(first).isNotNull();

      Outcome outcome = start(directory.resolve("state"));

      assertRefused(outcome, 1);
      assertThat(outcome.err()).contains("runs already in this network namespace; stop it first");
      assertRefused(run("cleanup", "--control", directory.resolve("sock").toString()), 1);
    }
  }

  private Outcome start(Path state, String... more) {
    List<String> words = new ArrayList<>(List.of("run", "--state", state.toString()));
    words.addAll(List.of("--control", directory.resolve("sock").toString()));
    words.addAll(List.of(more));
    return run(words.toArray(String[]::new));
  }

  private static void assertRefused(Outcome outcome, int status) {
    assertThat(outcome.err()).startsWith("oasis client: ").hasLineCount(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.status()).isEqualTo(status);
  }

  private static Outcome run(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = ClientMain.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return new Outcome(line.execute(words), out.toString(), err.toString());
  }
}
