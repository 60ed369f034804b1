// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges what a capture saw leave the exit node: towards the world by the oracle, towards clients
 * by whom it is for. Packets that were sent past the exit node on purpose have to be found guilty.
 */
final class Judge {
  /** Where packets go on purpose that nobody may send, and to which port. */
  static final String CLOSED_CANARY = "10.66.66.66";

  static final String UNASKED_CANARY = "203.0.113.3";
  static final int CANARY_PORT = 9;

  private static final int MOST_NAMED = 20;
  private static final int ICMP6_MLD2 = 143;
  private static final byte[] NODE4 = Policy.literal("100.64.0.1");
  private static final byte[] NODE6 = Policy.literal("fd6f:6173:6973::1");

  private final Oracle oracle;
  private final Set<List<Byte>> clients = new HashSet<>();

  /** Who passes on datagrams of clients with keys. */
  private final Set<List<Byte>> replayers = new HashSet<>();

  /** The packet that is judged. */
  private final Anatomy p = new Anatomy();

  private final List<String> violations = new ArrayList<>();
  private final List<String> diversions = new ArrayList<>();
  private long forbidden;
  private long diverted;
  private long closedCanaries;
  private long unaskedCanaries;
  private long toClients;

  /**
   * @param keyed whether clients are known by keys, and strangers pass their datagrams on
   */
  Judge(Oracle oracle, boolean keyed) {
    this.oracle = oracle;
    for (String address : Sender.addresses()) {
      if (isAllowed(address)) {
        clients.add(bytes(Policy.literal(address)));
      } else if (keyed) {
        replayers.add(bytes(Policy.literal(address)));
      }
    }
    clients.add(bytes(Policy.literal("198.51.100.2")));
  }

  private static boolean isAllowed(String address) {
    return Sender.all().stream().anyMatch(each -> each.allowed() && each.address().equals(address));
  }

  private static List<Byte> bytes(byte[] array) {
    List<Byte> list = new ArrayList<>();
    for (byte b : array) {
      list.add(b);
    }
    return list;
  }

  /** A packet left towards the world under the node's own address: somebody must have sent it. */
  void toWorld(byte[] b, int at, int length) {
    if (!isOfTheLink(b, at, length)) {
      note("to the world", oracle.judge(b, at, length));
    }
  }

  /** The kernel has put it together and translated it: only its destination is looked at. */
  void byKernel(byte[] b, int at, int length) {
    if (!isOfTheLink(b, at, length)) {
      note("by the kernel", oracle.judgeAlone(b, at, length));
    }
  }

  /** A packet on the TUN device; those to clients, and the kernel's own, are not what leaves. */
  void onTun(byte[] b, int at, int length) {
    if (!isOfTheLink(b, at, length) && p.read(b, at, length) && isPool(b, p.source())) {
      note("to the kernel", oracle.judge(b, at, length));
    }
  }

  /** Whether the address is of a range that stands for clients inside the kernel backend. */
  private boolean isPool(byte[] b, int at) {
    if (isNode(b, at)) {
      return false;
    }
    return p.version == 4
        ? (b[at] & 0xff) == 100 && (b[at + 1] & 0xc0) == 64
        : (b[at] & 0xff) == 0xfd && (b[at + 1] & 0xff) == 0x6f;
  }

  /** Whether it is the node's own address there, from which its kernel answers clients. */
  private boolean isNode(byte[] b, int at) {
    byte[] node = p.version == 4 ? NODE4 : NODE6;
    return Arrays.equals(b, at, at + node.length, node, 0, node.length);
  }

  /**
   * A packet left towards the clients' side: a datagram of the overlay, which only a client may
   * get, or a packet to a destination that happens to lie there.
   *
   * @param kernel whether the kernel has translated such a packet
   */
  void toClients(byte[] b, int at, int length, boolean kernel) {
    if (isOfTheLink(b, at, length)) {
      return;
    }
    boolean sound = p.read(b, at, length) && p.protocol == Anatomy.UDP && p.offset == 0;
    if (!sound || p.sourcePort() != HostileNetwork.PORT) {
      note(
          "to the clients' side",
          kernel ? oracle.judgeAlone(b, at, length) : oracle.judge(b, at, length));
      return;
    }
    List<Byte> to =
        bytes(Arrays.copyOfRange(b, p.destination(), p.destination() + p.addressBytes()));
    if (clients.contains(to)) {
      toClients++;
    } else if (replayers.contains(to)) {
      diverted++;
      name(diversions, "to the clients' side: " + nobody());
    } else {
      note("to the clients' side", nobody());
    }
  }

  private String nobody() {
    return "this is nobody's client: " + p;
  }

  /**
   * Finds what strangers with copies of clients' datagrams were sent guilty as well: each original
   * has reached the exit node before its copy. Where one was lost on its way, its copy counts (the
   * page about the wire interface says so, and no receiver could tell).
   */
  void everyOriginalArrived() {
    forbidden += diverted;
    diversions.forEach(each -> name(violations, each));
    diverted = 0;
    diversions.clear();
  }

  private static void name(List<String> list, String what) {
    if (list.size() < MOST_NAMED) {
      list.add(what);
    }
  }

  /**
   * Nothing of clients passes the loopback: only the kernel's own errors to us, about packets that
   * we sent where no neighbour is.
   */
  void onLoopback(byte[] b, int at, int length) {
    boolean sound = p.read(b, at, length);
    if (!sound || !p.hasTransport() || !p.error() || !isToItself(b)) {
      note("on the loopback", sound ? "it came here: " + p : "no sound packet");
    }
  }

  private boolean isToItself(byte[] b) {
    int n = p.addressBytes();
    return Arrays.equals(b, p.source(), p.source() + n, b, p.destination(), p.destination() + n);
  }

  /** Neighbour discovery and multicast listeners, which never come from or go beyond the link. */
  private boolean isOfTheLink(byte[] b, int at, int length) {
    if (!p.read(b, at, length) || p.version != 6 || !p.icmp() || !p.hasTransport()) {
      return false;
    }
    boolean discovery = p.type() >= 133 && p.type() <= 137 && p.hops == 255;
    boolean linkLocal = (b[p.source()] & 0xff) == 0xfe || !Policy.host(b, p.source(), 16);
    return discovery || p.type() == ICMP6_MLD2 && p.hops == 1 && linkLocal;
  }

  private void note(String where, @Nullable String what) {
    if (what == null) {
      return;
    }
    if (isCanary(CLOSED_CANARY)) {
      closedCanaries++;
    } else if (isCanary(UNASKED_CANARY)) {
      unaskedCanaries++;
    } else {
      forbidden++;
      name(violations, where + ": " + what);
    }
  }

  private boolean isCanary(String address) {
    byte[] wanted = Policy.literal(address);
    return p.version == 4
        && p.protocol == Anatomy.UDP
        && p.hasTransport()
        && p.destinationPort() == CANARY_PORT
        && Arrays.equals(p.bytes(), p.destination(), p.destination() + 4, wanted, 0, 4);
  }

  /** Packets that must not have left. */
  long forbidden() {
    return forbidden;
  }

  /** The first of them. */
  List<String> violations() {
    return List.copyOf(violations);
  }

  /** Packets to a closed destination that were found guilty as they should be. */
  long closedCanaries() {
    return closedCanaries;
  }

  /** Packets that no client has sent and that were found guilty. */
  long unaskedCanaries() {
    return unaskedCanaries;
  }

  /** Answers that strangers got because the original of a copy of theirs may have been lost. */
  long diverted() {
    return diverted;
  }

  /** Datagrams that clients were sent. */
  long toClients() {
    return toClients;
  }
}
