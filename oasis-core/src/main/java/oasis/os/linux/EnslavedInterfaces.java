// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import oasis.os.Memory;
import oasis.os.OsException;

/**
 * Interfaces that are part of another one: ports of a bridge, a bond, a team or an Open vSwitch.
 * What arrives on one of them for this host arrives on its master again. The ports of a VRF do not
 * count: their packets are seen on the port alone.
 */
public final class EnslavedInterfaces {
  private static final int RTM_GETLINK = 18;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_DUMP = 0x300;
  private static final int NLMSG_DONE = 3;
  private static final int REQUEST_BYTES = NetlinkReader.HEADER_BYTES + 16;
  private static final int ANSWER_BYTES = 64 * 1024;

  private EnslavedInterfaces() {}

  /**
   * Lists them in the network namespace of the calling thread.
   *
   * @param more indexes to put before them
   * @return interface indexes
   */
  public static int[] list(int... more) throws OsException {
    int fd = Netlink.open(Netlink.ROUTE, 0);
    try {
      return IntStream.concat(IntStream.of(more), dump(fd)).toArray();
    } finally {
      Sys.close(fd);
    }
  }

  private static IntStream dump(int fd) throws OsException {
    Memory memory = Memory.allocate(ANSWER_BYTES);
    ByteBuffer b = memory.buffer().duplicate().order(ByteOrder.nativeOrder());
    b.putInt(0, REQUEST_BYTES).putShort(4, (short) RTM_GETLINK);
    b.putShort(6, (short) (NLM_F_REQUEST | NLM_F_DUMP));
    Errno.check((int) Sys.write(fd, memory.address(), REQUEST_BYTES), "netlink", "RTM_GETLINK");
    NetlinkReader reader = new NetlinkReader();
    IntStream.Builder found = IntStream.builder();
    while (true) {
      long bytes = Sys.read(fd, memory.address(), ANSWER_BYTES);
      reader.begin(memory.buffer(), Errno.check((int) bytes, "netlink", "RTM_NEWLINK"));
      while (reader.next()) {
        switch (reader.type()) {
          case NLMSG_DONE -> {
            return found.build();
          }
          case NetlinkReader.NLMSG_ERROR -> Errno.check(reader.error(), "netlink", "RTM_GETLINK");
          case NetlinkReader.RTM_NEWLINK -> {
            int index = reader.enslaved();
            if (index > 0) {
              found.add(index);
            }
          }
          default -> {}
        }
      }
    }
  }
}
