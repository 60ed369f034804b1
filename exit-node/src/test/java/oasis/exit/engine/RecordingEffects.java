// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import oasis.testkit.Packets;

/** Keeps what the engine asked for. */
final class RecordingEffects implements ExitEffects {
  /** Something sent to a client. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record ToClient(byte[] packet, String endpoint) {}

  final List<byte[]> toUnderlay = new ArrayList<>();
  final List<byte[]> underlayReplies = new ArrayList<>();
  final List<ToClient> toClient = new ArrayList<>();
  final List<ToClient> replies = new ArrayList<>();
  final List<String> keepAlives = new ArrayList<>();
  final List<String> ended = new ArrayList<>();
  final List<FlowInfo> endedFlows = new ArrayList<>();

  /** What the path takes; 0 for everything. */
  int pathMtu;

  @Override
  public int toUnderlay(Burst burst) {
    if (pathMtu > 0 && burst.length() > pathMtu) {
      return pathMtu;
    }
    toUnderlay.add(Packets.bytes(burst));
    return 0;
  }

  @Override
  public void replyToUnderlay(Burst burst) {
    underlayReplies.add(Packets.bytes(burst));
  }

  @Override
  public void toClient(Burst burst, long hi, long lo, int port) {
    toClient.add(new ToClient(Packets.bytes(burst), Snapshots.endpoint(hi, lo, port)));
  }

  @Override
  public void replyToClient(Burst burst, long hi, long lo, int port) {
    replies.add(new ToClient(Packets.bytes(burst), Snapshots.endpoint(hi, lo, port)));
  }

  @Override
  public void keepAlive(long hi, long lo, int port) {
    keepAlives.add(Snapshots.endpoint(hi, lo, port));
  }

  @Override
  public void flowEnded(FlowRecord flow, EndReason why) {
    FlowInfo info = FlowInfo.of(flow, flow.beganNs);
    ended.add(info.protocol() + " " + why);
    endedFlows.add(info);
  }

  byte[] onlySent() {
    if (toUnderlay.size() != 1 || !replies.isEmpty()) {
      throw new AssertionError("sent: " + toUnderlay.size() + ", replies: " + replies.size());
    }
    return toUnderlay.remove(0);
  }

  ToClient onlyClient() {
    if (toClient.size() != 1) {
      throw new AssertionError("to clients: " + toClient.size());
    }
    return toClient.remove(0);
  }

  ToClient onlyReply() {
    if (replies.size() != 1 || !toUnderlay.isEmpty()) {
      throw new AssertionError("replies: " + replies.size() + ", sent: " + toUnderlay.size());
    }
    return replies.remove(0);
  }
}
