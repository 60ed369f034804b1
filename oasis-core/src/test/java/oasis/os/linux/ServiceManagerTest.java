// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static oasis.os.linux.LinuxConstants.AF_UNIX;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.nio.file.Path;
import oasis.os.Memory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {
  @TempDir Path directory;

  /** What arrives at a socket when this process says that it is ready there. */
  private static String said(String socket) {
    byte[] name = socket.getBytes(UTF_8);
    boolean path = name[0] == '/';
    name[0] = path ? name[0] : 0;
    Memory address = Memory.allocate(2 + name.length);
    address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_UNIX);
    address.buffer().put(2, name);
    Memory got = Memory.allocate(100);
    int fd = Sys.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    try {
      assertThat(Sys.bind(fd, address, address.bytes())).isZero();
      assertThat(ServiceManager.ready(socket)).isTrue();
      int length = (int) Sys.read(fd, got.address(), 100);
      byte[] text = new byte[length];
      got.buffer().get(0, text);
      return new String(text, UTF_8);
    } finally {
      Reference.reachabilityFence(got);
      Sys.close(fd);
    }
  }

  @Test
  void theManagerLearnsWhichProcessIsReady() {
    String message = "READY=1\nMAINPID=" + ProcessHandle.current().pid();
    assertThat(said(directory.resolve("notify").toString())).isEqualTo(message);
    assertThat(said("@oasis-test-" + ProcessHandle.current().pid())).isEqualTo(message);
  }

  @Test
  void withoutAManagerNothingIsSaid() {
    assertThat(ServiceManager.ready(null)).isFalse();
    assertThat(ServiceManager.ready("")).isFalse();
    assertThat(ServiceManager.ready("relative")).isFalse();
    assertThat(ServiceManager.ready(directory.resolve("nobody").toString())).isFalse();
  }
}
