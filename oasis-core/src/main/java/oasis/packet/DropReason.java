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
  UNSUPPORTED_PROTOCOL("a transport protocol that cannot be translated"),
  NOT_ALLOWED("the sender is not an allowed client"),
  NOT_GRANTED("from a carrier that does not hold this flow"),
  FORBIDDEN_DESTINATION("to an address range that is closed to clients"),
  LOCAL_SCOPE("to a group or a link-local address, which no carrier reaches"),
  UNKNOWN_FAKE("to a fake address that names nothing"),
  NO_FLOW("belongs to no known flow and cannot begin one"),
  FLOW_LIMIT("the flow table, or the client's share of it, is full"),
  NAT_FULL("no free port or address left for this flow"),
  NO_CARRIER("no carrier may serve this flow"),
  NO_IPV6("IPv6, which neither an overlay of the rule nor the underlay carries"),
  NO_RULE("reached the client though no rule matches"),
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
