// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import oasis.os.Memory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class DirectCallsTest {
  private static final int NOT_A_DESCRIPTOR = 1_000_000;
  private static final int EFAULT = 14;
  private static final long LOOPBACK = 0xffff_7f00_0001L;
  private static final long HIGH_BITS = 0x1234_5678_0000_0000L;

  private final Memory memory = Memory.allocate(4096);
  private final ByteBuffer bytes = memory.buffer().order(ByteOrder.nativeOrder());
  private final long at = memory.address();

  @BeforeEach
  void onlyWhereThereIsCodeForIt() {
    assumeTrue("amd64".equals(System.getProperty("os.arch")));
  }

  @Test
  void areThereOnThisMachine() {
    assertThat(DirectCalls.AVAILABLE).isTrue();
  }

  @Test
  void failWithTheErrorsOfTheLibrary() {
    for (int fd : List.of(-1, NOT_A_DESCRIPTOR)) {
      long bad = -Errno.EBADF;
      assertThat(DirectCalls.read(fd, at, 1))
          .isEqualTo(bad)
          .isEqualTo(library(Sys.C.read(fd, at, 1)));
      assertThat(DirectCalls.write(fd, at, 1)).isEqualTo(bad);
      assertThat(DirectCalls.writev(fd, at, 1)).isEqualTo(bad);
      assertThat(DirectCalls.sendmsg(fd, at, 0)).isEqualTo(bad);
      assertThat(DirectCalls.recvmsg(fd, at, 0)).isEqualTo(bad);
      assertThat(DirectCalls.sendmmsg(fd, at, 1, 0)).isEqualTo(bad);
      assertThat(DirectCalls.recvmmsg(fd, at, 1, 0)).isEqualTo(bad);
    }
    assertThat(DirectCalls.ppoll(1, 1, 0, 0)).isEqualTo(-EFAULT);
  }

  @Test
  void takeDescriptorsByTheirLowerHalfOnlyWhereTheKernelDoes() throws Exception {
    int event = event();
    try {
      bytes.putLong(0, 3);
      assertThat(DirectCalls.write(HIGH_BITS | event, at, 8)).isEqualTo(8);
      assertThat(Sys.read(event, at, 8)).isEqualTo(8);
      assertThat(bytes.getLong(0)).isEqualTo(3);
    } finally {
      Sys.close(event);
    }
  }

  @Test
  void moveBytesBetweenSocketsAsTheLibraryDoes() throws Exception {
    SplittableRandom random = new SplittableRandom(35);
    int[] pair = {socket(), socket()};
    connect(pair[0], pair[1]);
    try {
      for (int i = 0; i < 200; i++) {
        int length = 1 + random.nextInt(1000);
        byte[] sent = new byte[length];
        random.nextBytes(sent);
        bytes.put(0, sent);
        assertThat(send(i % 4, pair[0], length)).isEqualTo(i % 4 == 3 ? 1 : length);
        bytes.put(0, new byte[length]);
        assertThat(receive(i % 3, pair[1], length)).isEqualTo(i % 3 == 2 ? 1 : length);
        byte[] got = new byte[length];
        bytes.get(0, got);
        assertThat(got).isEqualTo(sent);
      }
      assertThat(DirectCalls.recvmmsg(pair[1], message(1), 1, LinuxConstants.MSG_DONTWAIT))
          .isEqualTo(-Errno.EAGAIN);
    } finally {
      Sys.close(pair[0]);
      Sys.close(pair[1]);
    }
  }

  @Test
  void waitNoLongerThanAsked() throws Exception {
    int event = event();
    try {
      Poller poller = new Poller();
      poller.add(event);
      assertThat(poller.await(1_000_000)).isZero();
      assertThat(poller.ready(0)).isFalse();
      bytes.putLong(0, 1);
      Sys.write(event, at, 8);
      assertThat(poller.await(-1)).isEqualTo(1);
      assertThat(poller.ready(0)).isTrue();
    } finally {
      Sys.close(event);
    }
  }

  private long send(int way, int fd, int length) {
    return switch (way) {
      case 0 -> DirectCalls.write(fd, at, length);
      case 1 -> DirectCalls.writev(fd, iovec(length), 1);
      case 2 -> DirectCalls.sendmsg(fd, message(length), 0);
      default -> DirectCalls.sendmmsg(fd, message(length), 1, 0);
    };
  }

  private long receive(int way, int fd, int length) {
    return switch (way) {
      case 0 -> DirectCalls.read(fd, at, length);
      case 1 -> DirectCalls.recvmsg(fd, message(length), 0);
      default -> DirectCalls.recvmmsg(fd, message(length), 1, 0);
    };
  }

  private long iovec(int length) {
    bytes.putLong(2048, at).putLong(2056, length);
    return at + 2048;
  }

  /** A {@code struct mmsghdr} without name and control data. */
  private long message(int length) {
    for (int i = 2064; i < 2128; i += 8) {
      bytes.putLong(i, 0);
    }
    bytes.putLong(2064 + 16, iovec(length)).putLong(2064 + 24, 1);
    return at + 2064;
  }

  private static int socket() throws Exception {
    int type = LinuxConstants.SOCK_DGRAM | LinuxConstants.SOCK_CLOEXEC;
    int fd = Errno.check(Sys.socket(LinuxConstants.AF_INET, type, 0), "socket", "for a test");
    Errno.check(Sockets.bind(fd, LinuxConstants.AF_INET, 0, LOOPBACK, 0), "bind", "for a test");
    return fd;
  }

  private static void connect(int from, int to) throws Exception {
    int port = Sockets.localPort(to);
    int result = Sockets.connect(from, LinuxConstants.AF_INET, 0, LOOPBACK, port);
    Errno.check(result, "connect", "for a test");
  }

  private static int event() throws Exception {
    int flags = LinuxConstants.EFD_NONBLOCK | LinuxConstants.EFD_CLOEXEC;
    return Errno.check(Sys.eventfd(0, flags), "eventfd", "for a test");
  }

  private static long library(long result) {
    return result >= 0 ? result : -Native.getLastError();
  }
}
