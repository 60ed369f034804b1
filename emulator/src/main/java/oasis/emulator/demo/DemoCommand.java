// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Servers;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code oasis demo}. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Shows programs, client, overlay and exit node at work in an emulated network.",
      "There are a client, a router, an exit node, a web server and a DNS server on links of 20 ms"
          + " and 50 Mbit/s. The demo runs ping, dig and curl directly, through the overlay by name"
          + " rule (to an IPv6 server too) and by header rule, and kills the overlay half-way.",
      "Exits with 1 if anything was not as it should be."
    })
public final class DemoCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print the results as JSON.")
  private boolean json;

  @Option(
      names = "--keep",
      description = "Leave it running until interrupted, and say how to enter each node.")
  private boolean keep;

  @Option(names = "--verbose", description = "Keep the programs' output and say where it is.")
  private boolean verbose;

  private final CountDownLatch cleaned = new CountDownLatch(1);

  @Override
  public Integer call() {
    Path directory = null;
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> breakOff(main), "demo-exit"));
    try {
      Launcher launcher = Launcher.ofThisProcess();
      directory = makeDirectory();
      return run(directory, launcher);
    } catch (OsException | IOException | UncheckedIOException e) {
      return fail(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail("interrupted");
    } finally {
      if (directory != null && !verbose) {
        delete(directory);
      }
      cleaned.countDown();
    }
  }

  /** After a signal: lets the main thread end what it does and clean up. */
  private void breakOff(Thread main) {
    main.interrupt();
    try {
      if (!cleaned.await(15, TimeUnit.SECONDS)) {
        System.err.println("oasis demo: could not clean up in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Path makeDirectory() throws OsException {
    try {
      return Files.createTempDirectory("oasis-demo-");
    } catch (IOException e) {
      String parent = System.getProperty("java.io.tmpdir");
      throw new OsException("cannot make a folder in " + parent + " (TMPDIR names another)", e);
    }
  }

  private int run(Path directory, Launcher launcher)
      throws OsException, IOException, InterruptedException {
    long begunNs = System.nanoTime();
    if (verbose) {
      progress("the programs' output goes to " + directory);
    }
    progress("building the network");
    Servers.writeSite(directory.resolve("www"));
    try (DemoNetwork network = DemoNetwork.start(directory, launcher)) {
      List<Step> steps = new Demo(network, directory, this::progress).run();
      Emulation emulation = network.emulation();
      double seconds = (System.nanoTime() - begunNs) / 1e9;
      DemoReport report = new DemoReport(steps, emulation.doubts(), seconds);
      System.out.print(json ? report.json() + "\n" : report.table());
      System.out.flush();
      if (keep) {
        keepRunning(network);
      }
      return report.good() ? 0 : 1;
    }
  }

  private void keepRunning(DemoNetwork network) throws OsException, InterruptedException {
    network.startExit();
    progress("it goes on until you interrupt it; enter a node with");
    network
        .emulation()
        .nodes()
        .forEach(node -> progress("  ip netns exec " + node.namespace() + " bash"));
    progress("and ask the client with");
    progress("  ./oasis client status --control " + network.control("client"));
    Thread.currentThread().join();
  }

  private void progress(String line) {
    System.err.println("demo: " + line);
  }

  private static int fail(@Nullable String why) {
    System.err.println("oasis demo: " + why);
    return 1;
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      System.err.println("oasis demo: cannot remove " + directory + ": " + e.getMessage());
    }
  }
}
