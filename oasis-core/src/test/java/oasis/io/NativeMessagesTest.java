// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NativeMessagesTest {
  private static final int LEVEL = 17;
  private static final int TYPE = 104;

  private final NativeMessages messages = new NativeMessages(2, 2);

  @Test
  void aControlMessageOfAnotherKindIsNotRead() {
    messages.control(1, LEVEL, TYPE, 1400);
    assertThat(messages.controlInt(1, LEVEL + 1, TYPE, -5)).isEqualTo(-5);
    assertThat(messages.controlInt(1, LEVEL, TYPE + 1, -5)).isEqualTo(-5);
    assertThat(messages.controlInt(0, LEVEL, TYPE, -5)).as("of another message").isEqualTo(-5);
  }

  @Test
  void aControlMessageTooShortForItsNumberIsNotRead() {
    messages.control(1, LEVEL, TYPE, 1400); // holds 16 bits, not 32
    assertThat(messages.controlInt(1, LEVEL, TYPE, -5)).isEqualTo(-5);
    messages.noControl(1);
    assertThat(messages.controlInt(1, LEVEL, TYPE, -5)).isEqualTo(-5);
  }

  @Test
  void aDatagramSizeThatCannotBeIsNotBelieved() {
    assertThat(LinuxDatagramPort.bounded(1400, 2800)).isEqualTo(1400);
    assertThat(LinuxDatagramPort.bounded(2800, 2800)).isEqualTo(2800);
    assertThat(LinuxDatagramPort.bounded(2801, 2800)).isEqualTo(2800);
    assertThat(LinuxDatagramPort.bounded(0, 2800)).isEqualTo(2800);
    assertThat(LinuxDatagramPort.bounded(-1, 2800)).isEqualTo(2800);
    assertThat(LinuxDatagramPort.bounded(0, 0)).isZero();
  }

  @Test
  void slotsDoNotShareCacheSets() {
    assertThat(Integer.bitCount(ReceiveSlots.STRIDE_BYTES)).isGreaterThan(1);
    assertThat(ReceiveSlots.STRIDE_BYTES % 64).isZero();
    assertThat(ReceiveSlots.STRIDE_BYTES % 4096).isNotZero();
  }
}
