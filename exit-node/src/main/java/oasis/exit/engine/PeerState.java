// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

/**
 * Whether another node of the overlay lives.
 *
 * @param name what the operator calls it
 * @param endpoint UDP address and port to which packets for it go
 * @param heardMs milliseconds since anything came from it, or {@link #NEVER}
 * @param alive whether that is not too long ago
 */
public record PeerState(String name, String endpoint, long heardMs, boolean alive) {
  /** Nothing has come from it since this node has known it. */
  public static final long NEVER = -1;

  /** Whether anything has come from it. */
  public boolean heard() {
    return heardMs != NEVER;
  }
}
