// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;

/**
 * Descriptors that are seldom readable, as one that a {@link Poller} waits for (epoll(7)): a wait
 * asks each of its descriptors twice, and what is asked for a packet that comes alone has left the
 * caches. Confined to one thread.
 */
public final class PollGroup implements AutoCloseable {
  private final int fd;
  private final Poller members = new Poller();
  private final Memory event = Memory.allocate(16); // struct epoll_event, or a few bytes more
  private boolean closed;

  private PollGroup() throws OsException {
    fd =
        Errno.check(
            Sys.epollCreate1(LinuxConstants.EPOLL_CLOEXEC), "epoll_create1", "for the data loop");
    event.buffer().order(ByteOrder.nativeOrder()).putInt(0, LinuxConstants.POLLIN);
  }

  /** Opens a group of these descriptors. */
  public static PollGroup of(int... fds) throws OsException {
    PollGroup group = new PollGroup();
    try {
      for (int fd : fds) {
        group.add(fd);
      }
      return group;
    } catch (OsException e) {
      group.close();
      throw e;
    }
  }

  /** File descriptor that is readable while a member is. */
  public int fd() {
    return fd;
  }

  /**
   * Adds a descriptor.
   *
   * @return its index: the number of members before
   */
  public int add(int member) throws OsException {
    int result = Sys.epollCtl(fd, LinuxConstants.EPOLL_CTL_ADD, member, event.address());
    Errno.check(result, "epoll_ctl", "for the data loop");
    return members.add(member);
  }

  /** Removes the descriptor at an index; those behind it move up by one. */
  public void remove(int index, int member) {
    members.remove(index);
    Sys.epollCtl(fd, LinuxConstants.EPOLL_CTL_DEL, member, event.address());
  }

  /** Looks which members are readable. */
  public void look() {
    members.await(0);
  }

  /** True when the last look found the member readable, in error or hung up. */
  public boolean ready(int index) {
    return members.ready(index);
  }

  @Override
  public void close() {
    // The number of a closed descriptor may by now be somebody else's.
    if (!closed) {
      closed = true;
      Sys.close(fd);
    }
  }
}
