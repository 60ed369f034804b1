// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import java.util.List;
import oasis.link.LinkModel;
import oasis.link.LinkSettings;
import oasis.os.OsException;
import org.HdrHistogram.SingleWriterRecorder;

/**
 * Sends packets of our own through a wire of our own before the first real one, so that the
 * compiler has done its work: the first packets of an emulation would be late by milliseconds.
 * Confined to the hub's thread.
 */
public final class WarmUp {
  /** One of the two devices of the veth pair that is used. */
  public static final String DEVICE_A = "warm0";

  /** The other one. */
  public static final String DEVICE_B = "warm1";

  private static final int BATCHES = 1_500;
  private static final int PKTS_PER_BATCH = 16;
  private static final int MTU = 1500;
  private static final long LIMIT_NS = 1_000_000_000L;
  private static final long RARE_PPB = 1_000_000;
  private static final LinkSettings SETTINGS =
      LinkSettings.delay(20_000)
          .withRate(10_000_000_000L)
          .withQueueBytes(1 << 20)
          .withLossPpb(RARE_PPB)
          .withReorder(RARE_PPB, 20_000)
          .withDuplicatePpb(RARE_PPB);

  /** To a made-up address, with an Ethernet type reserved for experiments (IEEE 802, 88b5). */
  private static final byte[] FRAME = new byte[60];

  static {
    FRAME[0] = 2;
    FRAME[6] = 2;
    FRAME[11] = 1;
    FRAME[12] = (byte) 0x88;
    FRAME[13] = (byte) 0xb5;
  }

  private WarmUp() {}

  static void run(KernelClock clock, SingleWriterRecorder lateness, int wakeUp) throws OsException {
    MessageRing packets = new MessageRing(PKTS_PER_BATCH, 64);
    for (int i = 0; i < PKTS_PER_BATCH; i++) {
      packets.fill(i, FRAME);
    }
    try (PacketSocket feeder = PacketSocket.openToSend(DEVICE_B);
        PacketSocket socket = PacketSocket.open(DEVICE_A)) {
      LinkModel model = new LinkModel(SETTINGS, 1, 1, 0);
      Wire wire = new Wire(socket.fd(), socket.fd(), MTU, SETTINGS, model, clock, lateness);
      long end = System.nanoTime() + LIMIT_NS;
      int[] batches = {0};
      new HubLoop(List.of(wire), clock, wakeUp, SETTINGS.delayNs() / 2)
          .run(
              () -> {
                packets.send(feeder.fd(), 0, PKTS_PER_BATCH);
                return ++batches[0] > BATCHES || System.nanoTime() > end;
              });
    }
  }
}
