// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.List;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * The state of one connection of a program and of the connection to the server that it became. The
 * program's side numbers bytes as the program and we do, the server's side as the server and we do;
 * once both exist, two constants lead from one to the other. Confined to the engine's thread.
 */
final class Connection {
  /** Where a connection is on its way. */
  enum Stage {
    /** The program has been sent our SYN-ACK. */
    OPENING,
    /** The head of its request arrives. */
    HEAD,
    /** The name is looked up. */
    RESOLVING,
    /** The server has been sent our SYN. */
    DIALING,
    /** Both ends talk to each other. */
    RELAY,
    /** The program gets an answer of ours. */
    ANSWERING,
    /** It is over; late segments are still known. */
    OVER
  }

  /** Window scale that programs are granted: windows of up to 16 MiB in steps of 256 bytes. */
  static final int OUR_SCALE = 8;

  /** Most bytes that the program may send before the server answers. */
  static final int GRANT = 65_535;

  private static final int FARTHEST_BEGINNING = 1 << 29;

  /** No window scale has been agreed on. */
  static final int NO_SCALE = -1;

  final int slot;
  final long id;
  final FlowKey program = new FlowKey();
  final FlowKey server = new FlowKey();
  final FlowKey toProgramKey = new FlowKey();
  final int localPort;
  Stage stage = Stage.OPENING;

  // What the program's SYN says.
  int programScale;
  int programMaxSegment;
  boolean programSack;

  /** Next byte that we expect of the program, before {@link Stage#RELAY}. */
  int programNext;

  /** First byte behind what the program may send before {@link Stage#RELAY}. */
  int programEdge;

  /** Bytes that the program takes, by its last segment. */
  int programWindow;

  int ourIsn;
  boolean programFin;

  byte[] head = new byte[0];
  int headBytes;
  boolean connect;
  boolean bodyless;
  String host = "";
  int port;

  List<Address> addresses = List.of();
  int nextAddress;
  Failure lastFailure = Failure.UNREACHABLE;
  int dialIsn;
  long dialedNs;
  int tries;

  // The server's side, from RELAY on.
  int serverScale;
  boolean serverSack;
  int maxSegment;

  /**
   * First byte of the program that the server gets directly, in the program's numbers, or one that
   * it has had for long.
   */
  int relayFrom;

  /** First byte of the server, in the server's numbers. */
  int serverFirst;

  /** From a number of the program to the one that the server knows: add. */
  int outShift;

  /** From a number of the server to the one that the program knows: add. */
  int inShift;

  // The last that each end was told, for what we say ourselves; in that end's numbers.
  int ackToProgram;
  int windowToProgram;
  int ackToServer;
  int windowToServer;

  /** Behind the last byte that the program was ever allowed to send, in its numbers. */
  int edgeOfProgram;

  /** Behind the last byte that the server was ever allowed to send, in its numbers. */
  int edgeOfServer;

  /** Behind the last byte that the program has been sent, in its numbers. */
  int programSeen;

  /** Behind the last byte that the server has been sent, in its numbers. */
  int serverSeen;

  /** Whether server and program talk, or have talked, to each other. */
  boolean relayed;

  /** Whether the program has been sent something of the server's. */
  boolean answered;

  /** Who has ended the connection by a reset, as far as one can know: it may be forged. */
  boolean resetByProgram;

  boolean resetByServer;
  boolean finOut;
  boolean finIn;
  boolean finOutAcked;
  boolean finInAcked;
  int finOutEnd;
  int finInEnd;

  final OwnStream toProgram = new OwnStream();
  final OwnStream toServer = new OwnStream();
  long deadlineNs;
  long seenNs;
  long openedNs;

  // Where it stands among those that wait; see Waiting, which alone writes this.
  int shelf = Waiting.NOWHERE;
  long filed;
  @Nullable Connection before;
  @Nullable Connection after;

  Connection(int slot, long id, int localPort, FlowKey program) {
    this.slot = slot;
    this.id = id;
    this.localPort = localPort;
    this.program.set(program);
    toProgramKey.set(program).reverse();
  }

  /** Bytes of a window as the program says it. */
  int programWindow(int field) {
    return programScale < 0 ? field : field << programScale;
  }

  /** What stands in a segment to the program for a window of so many bytes. */
  int fieldToProgram(int bytes) {
    int scaled = programScale < 0 ? bytes : bytes >> OUR_SCALE;
    return Math.max(0, Math.min(scaled, 0xffff));
  }

  /** Bytes of a window as the server says it. */
  int serverWindow(int field) {
    return serverScale < 0 ? field : field << serverScale;
  }

  /** What stands in a segment to the server for a window of so many bytes. */
  int fieldToServer(int bytes) {
    int scaled = serverScale < 0 || programScale < 0 ? bytes : bytes >> programScale;
    return Math.max(0, Math.min(scaled, 0xffff));
  }

  /**
   * The number of a segment to the server that carries nothing. While the port still owes it bytes
   * the program's own number may lie behind the server's window, and then nothing in the segment
   * counts (RFC 9293 section 3.10.7.4).
   */
  int emptyToServer(int ofProgram) {
    return toServer.done() ? ofProgram : toServer.nextEmpty();
  }

  /**
   * The server has acknowledged something. Numbers can be compared over 2 GiB only, so the
   * beginning follows.
   *
   * @param ofProgram its acknowledgment number, as the program says it
   */
  void acknowledgedByServer(int ofProgram) {
    ackToProgram = ofProgram;
    if (ofProgram - relayFrom > FARTHEST_BEGINNING) {
      relayFrom = ofProgram - FARTHEST_BEGINNING;
    }
  }

  /**
   * Whether a segment to the server may not have been acknowledged yet, so that an error about it
   * may be true (RFC 5927 section 4.1).
   *
   * @param seq its sequence number
   */
  boolean isOnItsWay(int seq) {
    if (!relayed) {
      return stage == Stage.DIALING && seq == dialIsn;
    }
    int first = toServer.done() ? ackToProgram + outShift : toServer.first();
    return seq - first >= 0 && seq - serverSeen <= 0;
  }

  /** Whether the program's connection can be taken for finished, so that its port may come anew. */
  boolean over() {
    return stage == Stage.OVER;
  }

  /** Bytes of memory that its streams hold. */
  int heldBytes() {
    return head.length + toProgram.heldBytes() + toServer.heldBytes();
  }
}
