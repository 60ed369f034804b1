// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.Map;
import oasis.exit.engine.ExitEngine;
import oasis.io.Arrivals;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.packet.Burst;

/**
 * The side of the destinations: the ports and the state of the operating system that a backend
 * needs. Opened and closed by one thread; what it says so is called by the data loop.
 */
interface Side extends AutoCloseable {
  /** Adds sources of bursts for clients to a loop that has not started. */
  void join(DataLoop loop, Arrivals arrivals);

  /** Tells an engine, whose loop has not started, what it has to know. */
  void begin(ExitEngine engine);

  /** Queues a burst, as {@link oasis.exit.engine.ExitEffects#toUnderlay}. Data loop only. */
  int send(Burst b);

  /** As {@link oasis.exit.engine.ExitEffects#pathMtu}. Data loop only. */
  int pathMtu(Burst b);

  /** Sends what is queued. Data loop only. */
  void flush();

  /** Whether bursts of UDP datagrams are taken whole, so that merging them pays. */
  boolean mergesUdp();

  /** Looks after the state: called every few seconds by a thread that may wait. */
  void care(DataLoop loop, ExitEngine engine) throws OsException;

  /**
   * Takes what a configuration says of destinations from now on. Called as {@link #care}.
   *
   * @throws OsException when it is refused; nothing has changed then
   */
  default void policy(ExitConfig config) throws OsException {}

  /** Its open files, for a successor, in the order in which that takes them. */
  int[] files();

  /** Name of its nftables table, were there one. */
  String table();

  /** Whether it is this node that puts the host's settings back, and not another one. */
  void ours(boolean yes);

  /** What it does, in half a line. */
  String description();

  /** What it does, for the status. Data loop only. */
  Map<String, Object> report();

  @Override
  void close() throws OsException;
}
