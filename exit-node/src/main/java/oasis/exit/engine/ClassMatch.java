// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * Which packets belong to a class: those for which all parts hold. Immutable.
 *
 * @param who whether the packet comes from, or goes to, a client of this site or another node
 * @param from block that its UDP address lies in, or null for any
 * @param key id of its pre-shared key, or {@link #ANY}
 * @param dscp the packet's differentiated services code point (RFC 2474), or {@link #ANY}
 */
public record ClassMatch(Who who, @Nullable Prefix from, int key, int dscp) {
  /** Stands for a part that always holds. */
  public static final int ANY = -1;

  /** Every packet. */
  public static final ClassMatch EVERYTHING = new ClassMatch(Who.ANY, null, ANY, ANY);

  /** At the other end of the tunnel. */
  public enum Who {
    /** Whoever. */
    ANY,
    /** A client of this site. */
    OWN,
    /** Another node of the overlay. */
    NODE
  }

  /**
   * Whether a packet belongs here.
   *
   * @param node whether another node is at the other end
   * @param hi high half of its address
   * @param lo low half of its address
   * @param keyId id of its key, or 0 when it has none
   * @param codePoint of the packet
   */
  boolean holds(boolean node, long hi, long lo, int keyId, int codePoint) {
    return (who == Who.ANY || node == (who == Who.NODE))
        && (key == ANY || key == keyId)
        && (dscp == ANY || dscp == codePoint)
        && (from == null || from.contains(hi, lo));
  }

  /** As it is written behind {@code for}. */
  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    if (who != Who.ANY) {
      words.add(who == Who.OWN ? "own" : "node");
    }
    if (from != null) {
      words.add("from " + from);
    }
    if (key != ANY) {
      words.add("key " + Integer.toUnsignedString(key));
    }
    if (dscp != ANY) {
      words.add("dscp " + CodePoints.text(dscp));
    }
    return words.isEmpty() ? "any" : String.join(" ", words);
  }
}
