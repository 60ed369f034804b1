// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Program;
import oasis.experiments.planetlab.Step.Check;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Bodies through the port whose SHA-256 is compared at the other end. */
final class Transfers {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final PortNetwork network;
  private final Path folder;

  Transfers(PortNetwork network) throws IOException {
    this.network = network;
    folder = Files.createDirectories(network.directory().resolve("transfers"));
  }

  /** A body down and one up by each carrier. */
  List<Check> large(Path original) throws OsException, IOException {
    List<Check> checks = new ArrayList<>();
    for (Carrier carrier : Carrier.values()) {
      checks.add(down(carrier, original));
      checks.add(up(carrier, original));
    }
    return checks;
  }

  private Check down(Carrier carrier, Path original) throws OsException, IOException {
    Path file = folder.resolve("got");
    Files.deleteIfExists(file);
    String url = "http://" + carrier.host() + "/" + original.getFileName();
    CommandRunner.Result result = curl("-o", file.toString(), url);
    return check("down", carrier, result, Site.sha256(file), original);
  }

  private Check up(Carrier carrier, Path original) throws OsException, IOException {
    String url = "http://" + carrier.host() + ":" + PortNetwork.SINK_PORT + "/body";
    CommandRunner.Result result = curl("-T", original.toString(), url);
    return check("up", carrier, result, result.out().strip(), original);
  }

  private CommandRunner.Result curl(String... more) throws OsException {
    List<String> argv = new ArrayList<>(List.of("curl", "-sSf", "-m", "280"));
    argv.addAll(List.of("-x", Proxy.PORT.url()));
    argv.addAll(List.of(more));
    return network.client().exec(LONG, argv.toArray(String[]::new));
  }

  private static Check check(
      String what, Carrier carrier, CommandRunner.Result result, String sha256, Path original)
      throws IOException {
    boolean whole = sha256.equals(Site.sha256(original));
    long corrupted = whole ? 0 : Files.size(original);
    return new Check(what, carrier, result.ok() && whole, corrupted, result.err().strip());
  }

  /** Downloads of one file at a time, each by a curl of its own, half of them by each carrier. */
  List<Check> many(int number) throws OsException, IOException {
    List<Program> programs = new ArrayList<>();
    Path original = network.site().file("some");
    for (int i = 0; i < number; i++) {
      Path file = folder.resolve("many-" + i);
      Files.deleteIfExists(file);
      String url = "http://" + carrier(i).host() + "/" + original.getFileName();
      programs.add(
          network
              .client()
              .start(
                  "curl", "-sSf", "-m", "60", "-x", Proxy.PORT.url(), "-o", file.toString(), url));
    }
    String wanted = Site.sha256(original);
    List<Check> checks = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      try (Program program = programs.get(i)) {
        int status = program.waitFor(LONG);
        Path file = folder.resolve("many-" + i);
        boolean whole = Site.sha256(file).equals(wanted);
        long corrupted = whole ? 0 : Files.size(original);
        String detail = status == 0 ? "" : program.errors().strip();
        checks.add(new Check("one of many", carrier(i), status == 0 && whole, corrupted, detail));
        Files.deleteIfExists(file);
      }
    }
    return checks;
  }

  private static Carrier carrier(int number) {
    return number % 2 == 0 ? Carrier.OVERLAY : Carrier.UNDERLAY;
  }
}
