// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.testkit.FakeDatagramPort;
import org.junit.jupiter.api.Test;

class FakeDatagramPortTest extends DatagramPortContract {
  private final FakeDatagramPort sender = new FakeDatagramPort(4000);
  private final FakeDatagramPort receiver = new FakeDatagramPort(5000);

  @Override
  DatagramPort sender() {
    return sender;
  }

  @Override
  DatagramPort receiver() {
    return receiver;
  }

  @Override
  Endpoint receiverAt() {
    return Endpoint.ipv4(10, 0, 0, 2, 5000);
  }

  @Override
  void carry() {
    for (FakeDatagramPort.Sent sent : sender.sent()) {
      receiver.deliver(Endpoint.ipv4(10, 0, 0, 1, 4000), sent.bytes());
    }
    sender.clear();
  }

  @Test
  void anErrorIsReturnedOnce() {
    receiver.fail(111);
    assertThat(receiver.receive()).isEqualTo(-111);
    assertThat(receiver.receive()).isZero();
  }
}
