// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import org.jspecify.annotations.Nullable;

/**
 * The connections that no server has taken over yet, and those whose server does not take what the
 * port holds for it, on shelves by what they wait for and by how much they hold, doubling from
 * shelf to shelf. On a shelf they stand in the order in which they came to it, so what waits
 * longest without getting further is first. Everything is done in constant time. Confined to the
 * engine's thread.
 */
final class Waiting {
  /** Stands on no shelf. */
  static final int NOWHERE = -1;

  /** Sizes: up to 2 KiB, 4 KiB, 8 KiB …, above 128 KiB. */
  static final int SIZES = 8;

  private static final int FIRST_SIZE_BITS = 11;

  /** What a connection waits for. */
  private enum Group {
    /** The program is to read an answer of ours. */
    ANSWER,
    /** The program is to send the rest of a head. */
    HEAD,
    /** A name server or the server is to answer. */
    SERVER,
    /** The server is to take what the port holds for it. */
    DELIVERY
  }

  private static final Group[] HOLDERS = {Group.HEAD, Group.SERVER, Group.DELIVERY};
  private static final Group[] UNRELAYED = {Group.ANSWER, Group.HEAD, Group.SERVER};

  private final @Nullable Connection[] first;
  private final @Nullable Connection[] last;
  private long filed;

  Waiting() {
    int shelves = Group.values().length * SIZES;
    first = new @Nullable Connection[shelves];
    last = new @Nullable Connection[shelves];
  }

  /** The size of a shelf for connections that hold so many bytes: 0 for the smallest. */
  static int size(int bytes) {
    int blocks = Math.max(0, bytes - 1) >>> FIRST_SIZE_BITS;
    return Math.min(Integer.SIZE - Integer.numberOfLeadingZeros(blocks), SIZES - 1);
  }

  private static int shelf(Connection c) {
    int held = c.heldBytes();
    return switch (c.stage) {
      case OPENING, OVER -> NOWHERE;
      case ANSWERING -> shelf(Group.ANSWER, held);
      case HEAD -> shelf(Group.HEAD, held);
      case RESOLVING, DIALING -> shelf(Group.SERVER, held);
      case RELAY -> c.toServer.heldBytes() == 0 ? NOWHERE : shelf(Group.DELIVERY, held);
    };
  }

  private static int shelf(Group group, int bytes) {
    return group.ordinal() * SIZES + size(bytes);
  }

  /** Puts a connection where its stage and what it holds say; it keeps its place if that is so. */
  void file(Connection c) {
    int shelf = shelf(c);
    if (shelf == c.shelf) {
      return;
    }
    remove(c);
    if (shelf != NOWHERE) {
      Connection before = last[shelf];
      c.shelf = shelf;
      c.filed = filed++;
      c.before = before;
      last[shelf] = c;
      if (before == null) {
        first[shelf] = c;
      } else {
        before.after = c;
      }
    }
  }

  /** Takes a connection off its shelf, if it stands on one. */
  void remove(Connection c) {
    if (c.shelf == NOWHERE) {
      return;
    }
    Connection before = c.before;
    Connection after = c.after;
    if (before == null) {
      first[c.shelf] = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last[c.shelf] = before;
    } else {
      after.before = before;
    }
    c.before = null;
    c.after = null;
    c.shelf = NOWHERE;
  }

  /**
   * Who is to give its memory to a connection that will hold so many bytes: of those that hold more
   * by a size or several the largest, of these the one that waits longest; those with an unfinished
   * head before those that have asked, and these before those that a server has answered.
   */
  @Nullable Connection holdsMoreThan(int bytes) {
    for (Group group : HOLDERS) {
      for (int size = SIZES - 1; size > size(bytes); size--) {
        Connection c = first[group.ordinal() * SIZES + size];
        if (c != null) {
          return c;
        }
      }
    }
    return null;
  }

  /** Who is to give its place to a new connection: of those without a server who waits longest. */
  @Nullable Connection waitsLongest() {
    for (Group group : UNRELAYED) {
      Connection longest = null;
      for (int size = 0; size < SIZES; size++) {
        Connection c = first[group.ordinal() * SIZES + size];
        if (c != null && (longest == null || c.filed < longest.filed)) {
          longest = c;
        }
      }
      if (longest != null) {
        return longest;
      }
    }
    return null;
  }
}
