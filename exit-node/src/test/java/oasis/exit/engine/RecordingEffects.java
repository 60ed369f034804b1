// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import oasis.testkit.Packets;

/** Keeps what the engine asked for. */
final class RecordingEffects implements ExitEffects {
  /** Something sent to a client. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record ToClient(byte[] packet, String endpoint, int client, int keyId) {}

  final List<byte[]> toUnderlay = new ArrayList<>();
  final List<byte[]> underlayReplies = new ArrayList<>();
  final List<ToClient> toClient = new ArrayList<>();
  final List<ToClient> replies = new ArrayList<>();
  final List<String> keepAlives = new ArrayList<>();
  final List<FlowInfo> beganFlows = new ArrayList<>();
  final List<String> ended = new ArrayList<>();
  final List<FlowInfo> endedFlows = new ArrayList<>();

  /** The memory of the burst that was sent last. */
  ByteBuffer lastMemory = ByteBuffer.allocate(0);

  /** False when nothing is to be kept, nor allocated. */
  boolean record = true;

  /** What the path takes; 0 for everything. */
  int pathMtu;

  @Override
  public int toUnderlay(Burst burst, int client) {
    if (pathMtu > 0 && burst.length() > pathMtu) {
      return pathMtu;
    }
    if (record) {
      lastMemory = burst.buffer();
      toUnderlay.add(Packets.bytes(burst));
    }
    return 0;
  }

  @Override
  public int pathMtu(Burst burst) {
    return pathMtu > 0 && burst.length() > pathMtu ? pathMtu : 0;
  }

  @Override
  public void replyToUnderlay(Burst burst) {
    underlayReplies.add(Packets.bytes(burst));
  }

  @Override
  public void toClient(Burst burst, int client, int keyId, long hi, long lo, int port) {
    toClient.add(
        new ToClient(Packets.bytes(burst), Snapshots.endpoint(hi, lo, port), client, keyId));
  }

  @Override
  public void replyToClient(Burst burst, int keyId, long hi, long lo, int port) {
    replies.add(new ToClient(Packets.bytes(burst), Snapshots.endpoint(hi, lo, port), -1, keyId));
  }

  @Override
  public void keepAlive(int keyId, long hi, long lo, int port) {
    keepAlives.add(Snapshots.endpoint(hi, lo, port));
  }

  @Override
  public void flowBegan(FlowRecord flow) {
    beganFlows.add(FlowInfo.of(flow, flow.beganNs));
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
