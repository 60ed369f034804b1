// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Program;
import oasis.os.OsException;
import oasis.os.linux.Sys;

/**
 * A client's whole life in a few seconds, for the instants that are drawn: it starts, names are
 * looked up, downloads run, a rule is added, the file is loaded again, it is told to stop. Runs on
 * a thread of its own until the blow.
 */
final class Script implements Runnable {
  private static final int SIGTERM = 15;

  // In ms after the start; what comes late comes at once.
  private static final long ADD_RULE = 1600;
  private static final long RELOAD = 2200;
  private static final long STOP = 2900;

  private final KillNetwork network;
  private final Names names;
  private final Downloads downloads;
  private final Program client;
  private final long beganNs;
  private volatile String phase = "starting";

  Script(KillNetwork network, Names names, Downloads downloads, Program client, long beganNs) {
    this.network = network;
    this.names = names;
    this.downloads = downloads;
    this.client = client;
    this.beganNs = beganNs;
  }

  /** What the client was told last. */
  String phase() {
    return phase;
  }

  @Override
  public void run() {
    try {
      network.awaitReady(client);
      phase = "ready";
      Carrying.await(network.client().namespace(), names);
      names.go();
      downloads.start(network.client(), network.files().resolveSibling("downloads"));
      phase = "carrying";
      until(ADD_RULE);
      phase = "adding a rule";
      network.ask().post("/v1/rules", Map.of("rule", "udp dport 7000 demo"));
      phase = "carrying";
      until(RELOAD);
      phase = "reloading";
      network.configure(true);
      network.ask().post("/v1/reload", Map.of());
      phase = "carrying";
      until(STOP);
      phase = "stopping";
      Sys.kill((int) client.pid(), SIGTERM);
    } catch (OsException | IOException e) {
      // The blow fell meanwhile.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void until(long ms) throws InterruptedException {
    long left = beganNs + TimeUnit.MILLISECONDS.toNanos(ms) - System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(Math.max(0, left));
  }
}
