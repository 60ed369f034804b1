// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Command;
import oasis.emulator.Program;
import oasis.experiments.planetlab.Site.Visit;
import oasis.experiments.planetlab.Step.Check;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Programs that are told of the port as their proxy: curl, wget, apt and a browser. */
final class Programs {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String CHROMIUM =
      "chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
          + " --disable-background-networking --disable-component-update --disable-sync"
          + " --disable-default-apps --password-store=basic --mute-audio"
          + " --virtual-time-budget=20000 --dump-dom";
  private static final String APT =
      "-o Dir=%1$s -o Dir::State::status=%1$s/status -o APT::Sandbox::User=root"
          + " -o Acquire::http::Proxy=%2$s -o Acquire::Languages=none -o Acquire::Retries=0"
          + " -o APT::Architectures=amd64 -o APT::Architecture=amd64";

  private final PortNetwork network;
  private final Path folder;
  private final String proxy = Proxy.PORT.url();

  Programs(PortNetwork network) throws IOException {
    this.network = network;
    folder = Files.createDirectories(network.directory().resolve("programs"));
  }

  /** Lets each fetch something by each carrier. */
  List<Check> run() throws OsException, IOException {
    List<Check> checks = new ArrayList<>();
    for (Carrier carrier : Carrier.values()) {
      int before = network.site().visits().size();
      String url = "http://" + carrier.host() + "/some";
      checks.add(fetched("curl", carrier, "curl", "-sSf", "-x", proxy, "-o", got(), url));
      checks.add(
          fetched(
              "wget",
              carrier,
              "wget",
              "-q",
              "-e",
              "http_proxy=" + proxy,
              "-t",
              "1",
              "-O",
              got(),
              url));
      checks.add(apt(carrier));
      checks.add(browser("http", carrier));
      checks.add(browser("https", carrier));
      checks.add(way(carrier, before));
    }
    return checks;
  }

  private String got() {
    return folder.resolve("got").toString();
  }

  private Check fetched(String what, Carrier carrier, String... argv)
      throws OsException, IOException {
    Path file = folder.resolve("got");
    Files.deleteIfExists(file);
    CommandRunner.Result result = network.client().exec(LONG, argv);
    return compare(what, carrier, result, file, network.site().file("some"));
  }

  private static Check compare(
      String what, Carrier carrier, CommandRunner.Result result, Path file, Path original)
      throws IOException {
    boolean whole = Site.sha256(file).equals(Site.sha256(original));
    return new Check(
        what,
        carrier,
        result.ok() && whole,
        whole ? 0 : Files.size(original),
        result.err().strip());
  }

  /** Reads a repository and downloads its package. */
  private Check apt(Carrier carrier) throws OsException, IOException {
    Path root = Files.createDirectories(folder.resolve("apt-" + carrier.word()));
    for (String each : List.of("etc/apt/preferences.d", "etc/apt/apt.conf.d", "var/log/apt")) {
      Files.createDirectories(root.resolve(each));
    }
    for (String each : List.of("var/lib/apt/lists/partial", "var/cache/apt/archives/partial")) {
      Files.createDirectories(root.resolve(each));
    }
    Files.writeString(root.resolve("status"), "");
    Files.writeString(
        root.resolve("etc/apt/sources.list"),
        "deb [trusted=yes] http://" + carrier.host() + "/apt ./\n");
    List<String> options = List.of(APT.formatted(root, proxy).split(" ", -1));
    List<String> update = new ArrayList<>(List.of("apt-get"));
    update.addAll(options);
    List<String> download = new ArrayList<>(update);
    update.add("update");
    download.addAll(List.of("download", Site.PACKAGE));
    CommandRunner.Result first = network.client().exec(LONG, update.toArray(String[]::new));
    if (!first.ok()) {
      return new Check("apt", carrier, false, 0, first.err().strip());
    }
    Path file = root.resolve(Site.PACKAGE + "_1_all.deb");
    Files.deleteIfExists(file);
    try (Program apt = network.client().start(Command.of(download).withDirectory(root))) {
      int status = apt.waitFor(LONG);
      CommandRunner.Result second = new CommandRunner.Result(status, apt.output(), apt.errors());
      Path original = network.site().file("apt").resolve(Site.PACKAGE + ".deb");
      return compare("apt", carrier, second, file, original);
    }
  }

  /** Loads a page of many files with a new profile. */
  private Check browser(String scheme, Carrier carrier) throws OsException, IOException {
    List<String> argv = new ArrayList<>(List.of(CHROMIUM.split(" ", -1)));
    argv.add("--user-data-dir=" + Files.createTempDirectory(folder, "profile"));
    argv.add("--proxy-server=" + proxy);
    argv.add("--ignore-certificate-errors-spki-list=" + network.site().keyFingerprint());
    argv.add(scheme + "://" + carrier.host() + "/page.html");
    Command command = Command.of(argv).withVariable("HOME", folder.toString());
    try (Program chromium = network.client().start(command)) {
      int status = chromium.waitFor(LONG);
      boolean good = status == 0 && chromium.output().contains(Site.COMPLETE);
      String detail = good ? "" : "status " + status + ": " + chromium.output();
      return new Check("chromium, " + scheme, carrier, good, 0, detail);
    }
  }

  /** All that was asked for under a name came by its carrier, and was answered. */
  private Check way(Carrier carrier, int before) throws IOException {
    List<Visit> all = network.site().visits();
    List<Visit> visits =
        all.subList(before, all.size()).stream()
            .filter(visit -> visit.host().equals(carrier.host()))
            .toList();
    List<Visit> others =
        visits.stream().filter(visit -> !visit.peer().equals(network.peer(carrier))).toList();
    boolean good = !visits.isEmpty() && others.isEmpty();
    return new Check("by its carrier", carrier, good, 0, good ? "" : others.toString());
  }
}
