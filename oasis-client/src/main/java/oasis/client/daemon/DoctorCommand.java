// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.os.linux.LinuxCommandRunner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oasis client doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Finds what would break the client on this host, and says how to mend it; changes nothing.",
      "Exit status 1 when there is an error among the findings."
    })
final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--control",
      paramLabel = "PATH",
      defaultValue = Settings.DEFAULT_CONTROL,
      description = "control socket of the client (${DEFAULT-VALUE})")
  private Path control = Path.of(Settings.DEFAULT_CONTROL);

  @Option(
      names = "--state",
      paramLabel = "DIR",
      defaultValue = Settings.DEFAULT_STATE,
      description = "directory of client.xml (${DEFAULT-VALUE})")
  private Path state = Path.of(Settings.DEFAULT_STATE);

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<Finding> findings = new ArrayList<>();
    ClientOptions options = ClientOptions.DEFAULTS;
    try {
      options = new ConfigFile(state, new Specifications(state)).read().options();
    } catch (ConfigException e) {
      findings.add(
          Finding.error("bad-configuration", String.valueOf(e.getMessage()), "mend that line"));
    }
    boolean running = client(findings);
    HostView host = new HostView(Path.of("/"), new LinuxCommandRunner());
    findings.addAll(
        new Doctor(host, Settings.defaults().networkConfig(options), running).examine());
    print(findings);
    boolean bad = findings.stream().anyMatch(one -> one.severity() == Finding.Severity.ERROR);
    return bad ? 1 : 0;
  }

  /** Whether a client runs; what its status says of itself is found too. */
  private boolean client(List<Finding> findings) {
    try {
      findings.addAll(
          statusFindings(
              Json.parseObject(new ControlClient(control, "client").get("/v1/status").body())));
      return true;
    } catch (IOException | JsonException e) {
      return false; // nobody answers
    }
  }

  /** What a running client's status tells. */
  static List<Finding> statusFindings(Map<String, ?> status) {
    List<Finding> findings = new ArrayList<>();
    if (Boolean.FALSE.equals(status.get("supervisorAlive"))) {
      findings.add(
          Finding.error(
              "no-supervisor",
              "The supervisor has ended: a client that hangs would hold this host's network.",
              "ask again: the client starts another one within 2 s; if it cannot, it prints why"));
    }
    for (Map<?, ?> carrier : DaemonOptions.objects(status.get("carriers"))) {
      if ("dead".equals(carrier.get("state"))) {
        findings.add(
            Finding.warning(
                "dead-carrier",
                "The entry node "
                    + carrier.get("entry")
                    + " of overlay "
                    + carrier.get("name")
                    + " does not answer.",
                "see that it runs, that it allows this host, and that UDP to it passes firewalls"));
      }
    }
    return findings;
  }

  private void print(List<Finding> findings) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      byte[] list = Json.writePretty(findings.stream().map(Finding::toMap).toList());
      out.println(new String(list, StandardCharsets.UTF_8));
    } else if (findings.isEmpty()) {
      out.println("Nothing found that would break the client here.");
    }
    for (Finding one : json ? List.<Finding>of() : findings) {
      out.println(
          one.severity().name().toLowerCase(Locale.ROOT)
              + " "
              + one.id()
              + ": "
              + ConfigException.oneLine(one.what()));
      if (!one.mend().isEmpty()) {
        out.println("    mend: " + ConfigException.oneLine(one.mend()));
      }
    }
    out.flush();
  }
}
