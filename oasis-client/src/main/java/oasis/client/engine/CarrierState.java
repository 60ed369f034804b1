// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

/** What is known of a carrier's entry node. */
public enum CarrierState {
  /** Probed, but never heard: gets no flows, since nothing shows that it carries. */
  UNKNOWN,
  /** Heard lately: gets new flows. */
  ALIVE,
  /** Has left several probes unanswered: keeps its flows, gets no new ones. */
  SUSPECT,
  /** Silent for longer, or its port is closed: its TCP flows have been reset. */
  DEAD
}
