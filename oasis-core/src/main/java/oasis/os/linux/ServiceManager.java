// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static oasis.os.linux.LinuxConstants.AF_UNIX;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;

import java.lang.ref.Reference;
import java.nio.ByteOrder;
import oasis.os.Memory;
import org.jspecify.annotations.Nullable;

/**
 * Tells the service manager that started this process how it does (sd_notify(3)): a datagram to the
 * Unix socket that NOTIFY_SOCKET names.
 */
public final class ServiceManager {
  private static final int SUN_PATH_BYTES = 108;

  private ServiceManager() {}

  /** Says that this process is ready and is the service's main one. */
  public static boolean ready(@Nullable String socket) {
    return tell(socket, "READY=1\nMAINPID=" + ProcessHandle.current().pid());
  }

  /**
   * Sends a message.
   *
   * @param socket value of NOTIFY_SOCKET: a path, or {@code @} and an abstract name; null for none
   * @return whether somebody got it
   */
  private static boolean tell(@Nullable String socket, String message) {
    byte[] name = (socket == null ? "" : socket).getBytes(UTF_8);
    if (name.length < 2 || name.length >= SUN_PATH_BYTES || name[0] != '/' && name[0] != '@') {
      return false;
    }
    boolean abstractName = name[0] == '@';
    name[0] = abstractName ? 0 : name[0];
    // A path ends with a zero byte; an abstract name with the structure.
    Memory address = Memory.allocate(2 + name.length + (abstractName ? 0 : 1));
    address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_UNIX);
    address.buffer().put(2, name);
    byte[] text = message.getBytes(UTF_8);
    Memory bytes = Memory.allocate(text.length);
    bytes.buffer().put(0, text);
    int fd = Sys.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return false;
    }
    try {
      return Sys.connect(fd, address, address.bytes()) == 0
          && Sys.write(fd, bytes.address(), text.length) == text.length;
    } finally {
      Reference.reachabilityFence(bytes);
      Sys.close(fd);
    }
  }
}
