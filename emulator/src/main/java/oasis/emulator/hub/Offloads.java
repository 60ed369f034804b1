// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.SIOCETHTOOL;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sys;

/**
 * Switches a device's offloads off, as {@code ethtool -K DEVICE tso off gso off gro off rx off tx
 * off} does. A veth pair leaves checksums unfinished and passes bursts of 64 KiB; both are harmless
 * inside one kernel, but wrong on a link that has an MTU and a rate.
 */
public final class Offloads {
  /** Linux, include/uapi/linux/ethtool.h: ETHTOOL_STSO, SGSO, SGRO, SRXCSUM, STXCSUM. */
  private static final int[] COMMANDS = {0x1f, 0x24, 0x2c, 0x15, 0x17};

  private static final int IFREQ_BYTES = 40;
  private static final int NAME_BYTES = 15;

  private Offloads() {}

  /** Switches the offloads of a device in the calling thread's namespace off. */
  public static void off(String device) throws OsException {
    Memory request = Memory.allocate(IFREQ_BYTES);
    Memory value = Memory.allocate(8);
    byte[] name = device.getBytes(US_ASCII);
    if (name.length > NAME_BYTES) {
      throw new OsException("offloads of " + device + ": no device has so long a name");
    }
    ByteBuffer bytes = request.buffer().duplicate().order(ByteOrder.nativeOrder());
    bytes.put(0, name);
    bytes.putLong(16, value.address());
    ByteBuffer ethtool = value.buffer().duplicate().order(ByteOrder.nativeOrder());
    int fd = Errno.check(Sys.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", device);
    try {
      for (int command : COMMANDS) {
        ethtool.putInt(0, command);
        ethtool.putInt(4, 0);
        Errno.check(
            Sys.ioctl(fd, SIOCETHTOOL, request.address()),
            "ioctl SIOCETHTOOL 0x" + Integer.toHexString(command),
            device);
      }
    } finally {
      Sys.close(fd);
    }
  }
}
