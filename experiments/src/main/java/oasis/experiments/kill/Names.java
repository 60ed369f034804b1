// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * A program that looks up one name after the other, up to the blow, and remembers what it was told:
 * each fake address must mean the same name when a client runs again. Thread-safe.
 */
final class Names {
  private static final int ASK_MS = 200;
  private static final int CHECK_MS = 1000;
  private static final int PAUSE_MS = 20;

  /** Names that are never asked for anew: the probes' own and those of the stubborn program. */
  static final int KNOWN = 2;

  private final String namespace;

  /** What was told at first, ever, and since {@link #begin}, by name and type. */
  private final Map<String, String> first = new TreeMap<>();

  private final Map<String, String> ever = new TreeMap<>();

  private final Map<String, String> lately = new LinkedHashMap<>();
  private int next = KNOWN;
  private volatile boolean asking;

  Names(String namespace) {
    this.namespace = namespace;
  }

  /** A fake address, or an answer of the underlay. */
  static boolean isFake(String address) {
    return address.startsWith("198.18.") || address.startsWith("fdc6:1200:4710:");
  }

  /** Asks for the first names in both families; returns their fake addresses. */
  List<String> learn() throws OsException {
    List<String> fakes = new ArrayList<>();
    for (int i = 0; i < KNOWN; i++) {
      for (int type : List.of(Lookup.A, Lookup.AAAA)) {
        String name = KillNetwork.name(i);
        String fake = ask(name, type, CHECK_MS);
        if (!isFake(fake)) {
          throw new OsException("the client gave no fake address for " + name + ": " + fake);
        }
        remember(name, type, fake);
        fakes.add(fake);
      }
    }
    synchronized (this) {
      first.putAll(ever);
    }
    return fakes;
  }

  private synchronized void remember(String name, int type, String fake) {
    ever.put(name + " " + type, fake);
    lately.put(name + " " + type, fake);
  }

  /** A new trial. */
  synchronized void begin() {
    lately.clear();
    lately.putAll(first);
  }

  /** Begins to ask for one name after the other, until {@link #stop}. */
  void go() {
    asking = true;
    FutureTask<Integer> task = new FutureTask<>(() -> Netns.in(namespace, this::askOn));
    Thread thread = new Thread(task, "names");
    thread.setDaemon(true);
    thread.start();
  }

  private int askOn() throws IOException, InterruptedException {
    int told = 0;
    while (asking) {
      int number = next;
      next = number + 1 < KillNetwork.NAMES ? number + 1 : KNOWN;
      for (int type : List.of(Lookup.A, Lookup.AAAA)) {
        told += tell(KillNetwork.name(number), type);
      }
      Thread.sleep(PAUSE_MS);
    }
    return told;
  }

  private int tell(String name, int type) throws IOException {
    try {
      String fake = Lookup.ask(InetAddress.getByName(KillNetwork.DNS), name, type, ASK_MS);
      if (isFake(fake)) {
        remember(name, type, fake);
        return 1;
      }
    } catch (java.net.SocketTimeoutException e) {
      return 0; // the blow fell
    }
    return 0;
  }

  /** Asks for no more. */
  void stop() {
    asking = false;
  }

  /** How many addresses were told since {@link #begin}, those of the first names among them. */
  synchronized int size() {
    return lately.size();
  }

  /** What was told lately and is not so any more. */
  List<String> moved() throws OsException {
    Map<String, String> copy;
    synchronized (this) {
      copy = new LinkedHashMap<>(lately);
    }
    return moved(copy);
  }

  /** What was ever told and is not so any more. */
  List<String> everMoved() throws OsException {
    Map<String, String> copy;
    synchronized (this) {
      copy = new LinkedHashMap<>(ever);
    }
    return moved(copy);
  }

  private List<String> moved(Map<String, String> told) throws OsException {
    List<String> moved = new ArrayList<>();
    for (Map.Entry<String, String> entry : told.entrySet()) {
      String[] key = entry.getKey().split(" ", 2);
      String now = ask(key[0], Integer.parseInt(key[1]), CHECK_MS);
      if (!now.equals(entry.getValue())) {
        moved.add(key[0] + " was " + entry.getValue() + ", is " + now);
      }
    }
    return moved;
  }

  /** Asks now, from the client's host; "nothing" when there is no answer. */
  String ask(String name, int type, int ms) throws OsException {
    try {
      return Netns.in(
          namespace, () -> Lookup.ask(InetAddress.getByName(KillNetwork.DNS), name, type, ms));
    } catch (java.net.SocketTimeoutException e) {
      return "nothing";
    } catch (Exception e) {
      throw new OsException("look-up of " + name + ": " + e.getMessage(), e);
    }
  }
}
