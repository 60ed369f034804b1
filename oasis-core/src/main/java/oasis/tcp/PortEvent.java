// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

/** What a {@link WebPort} counts. */
public enum PortEvent {
  ACCEPTED("connections that programs began"),
  REQUESTS("heads that were read"),
  RELAYED("connections that a server answered"),
  ANSWERED("connections that got an error of ours"),
  HALF_OPEN_EXPIRED("handshakes that a program never finished"),
  EVICTED("connections without a server that made room for a new one"),
  FULL("connections that found no room"),
  GAVE_WAY("requests given up because they held most for longest, when others needed memory"),
  HELD_FULL("segments not taken because too much is held already"),
  OUT_OF_WINDOW("segments outside of what their sender may send"),
  UNKNOWN("segments of no connection"),
  REPEATED("segments of bytes that we have acknowledged, answered by us"),
  RETRANSMITTED("segments of ours that were sent again"),
  GAVE_UP("connections whose peer never took what we had for it"),
  BROKEN("packets that cannot be what the port handles");

  private final String help;

  PortEvent(String help) {
    this.help = help;
  }

  /** One clause that a user understands. */
  public String help() {
    return help;
  }
}
