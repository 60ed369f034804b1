// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.os.OsException;
import org.junit.jupiter.api.Test;

class PollGroupTest {
  @Test
  void aGroupIsReadableWhileAMemberIs() throws OsException {
    try (WakeUp first = new WakeUp();
        WakeUp second = new WakeUp();
        PollGroup group = PollGroup.of(first.fd(), second.fd())) {
      Poller poller = new Poller();
      poller.add(group.fd());
      assertThat(poller.await(0)).isZero();
      second.signal();
      for (int i = 0; i < 3; i++) { // not once only
        assertThat(poller.await(-1)).isEqualTo(1);
        group.look();
        assertThat(group.ready(0)).isFalse();
        assertThat(group.ready(1)).isTrue();
      }
      second.clear();
      assertThat(poller.await(0)).isZero();
    }
  }

  @Test
  void whoIsRemovedWakesNobody() throws OsException {
    try (WakeUp first = new WakeUp();
        WakeUp second = new WakeUp();
        WakeUp third = new WakeUp();
        PollGroup group = PollGroup.of(first.fd(), second.fd())) {
      assertThat(group.add(third.fd())).isEqualTo(2);
      group.remove(1, second.fd());
      Poller poller = new Poller();
      poller.add(group.fd());
      second.signal();
      assertThat(poller.await(0)).isZero();
      third.signal();
      assertThat(poller.await(0)).isEqualTo(1);
      group.look();
      assertThat(group.ready(1)).as("the third is the second now").isTrue();
    }
  }

  @Test
  void aDescriptorThatIsNoneIsRefused() {
    assertThatThrownBy(() -> PollGroup.of(-1))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("epoll_ctl for the data loop: EBADF");
  }
}
