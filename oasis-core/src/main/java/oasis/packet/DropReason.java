// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * Why a packet was not carried. Each reason is a counter of the part that dropped it, and its help
 * text is what {@code status} prints beside the count.
 */
public enum DropReason {
  TRUNCATED("shorter than its own headers say"),
  NOT_IP("neither IPv4 nor IPv6"),
  BAD_HEADER("a header field outside the range its RFC allows"),
  BAD_HEADER_CHECKSUM("wrong IPv4 header checksum"),
  BAD_CHECKSUM("wrong transport checksum"),
  BAD_OFFLOAD("the kernel's offload header contradicts the packet"),
  TOO_BIG("longer than the carrier's MTU"),
  EXPIRED("its time to live ended here"),
  FRAGMENT("a fragment whose flow is not known"),
  HELD("a fragment that waits for the first one of its datagram"),
  UNSUPPORTED_PROTOCOL("a transport protocol that cannot be translated"),
  NOT_ALLOWED("the sender is not an allowed client"),
  UNSEALED("without the tag that its sender has to add"),
  BAD_TAG("with a tag that is wrong, or by a key that is not known"),
  REPLAYED("a copy of an earlier datagram, or too late to tell"),
  NOT_GRANTED("from a carrier that does not hold this flow"),
  FORBIDDEN_DESTINATION("to an address range that is closed to clients"),
  FORBIDDEN_SOURCE("from one inner address more than its client may use"),
  FORBIDDEN_SERVICE("to a port that is closed to clients"),
  LOCAL_SCOPE("to a group or a link-local address, which no carrier reaches"),
  UNKNOWN_FAKE("to a fake address that names nothing"),
  NO_FLOW("belongs to no known flow and cannot begin one"),
  FILTERED("to another client of this node, which has not sent there"),
  FLOW_LIMIT("the flow table is full"),
  CLIENT_FLOW_LIMIT("the client's share of the flow table is full"),
  FLOW_RATE("more new flows per second than all clients together may begin"),
  CLIENT_FLOW_RATE("more new flows per second than one client may begin"),
  HANDSHAKE_LIMIT("more TCP connections on their way to open than there may be"),
  CLIENT_HANDSHAKE_LIMIT("more TCP connections on their way to open than one client may have"),
  NAT_FULL("no free port or address left for this flow"),
  DRAINING("would begin a flow while the node lets none begin"),
  NO_CARRIER("no carrier may serve this flow"),
  NO_IPV6("IPv6, which neither an overlay of the rule nor the underlay carries"),
  NO_RULE("reached the client though no rule matches"),
  QUEUE_FULL("no room to wait in the queue of its class"),
  QUEUE_LATE("waited too long in the queue of its class"),
  SEND_QUEUE_FULL("the operating system's send queue was full"),
  SEND_REFUSED("the operating system refused the packet"),
  BAD_DNS("a DNS message that cannot be parsed"),
  RATE_LIMITED("more answers of this kind than the rate limit allows");

  private final String help;

  DropReason(String help) {
    this.help = help;
  }

  /** One clause that a user understands, without a full stop. */
  public String help() {
    return help;
  }
}
