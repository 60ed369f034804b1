// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.lang.ref.Reference;
import oasis.os.Memory;

/**
 * The C library's calls that Oasis needs, on raw addresses. The private natives are the plain libc
 * functions (JNA direct mapping with primitives only: about 0.3 µs a call, no allocation), those of
 * the data path {@link DirectCalls} where it can; the public wrappers return {@code -errno} instead
 * of -1, so that EAGAIN is a value and never an exception. Thread-safe: errno is the calling
 * thread's.
 */
public final class Sys {
  private Sys() {}

  static final class C {
    static {
      Native.register(C.class, NativeLibrary.getInstance("c"));
    }

    private C() {}

    static native int open(String path, int flags, int mode);

    static native int close(int fd);

    static native int memfd_create(String name, int flags);

    static native int ioctl(int fd, long request, long argument);

    static native long read(int fd, long buffer, long bytes);

    static native long write(int fd, long buffer, long bytes);

    static native long writev(int fd, long iovec, int count);

    static native int socket(int domain, int type, int protocol);

    static native int bind(int fd, long address, int length);

    static native int connect(int fd, long address, int length);

    static native int getsockname(int fd, long address, long length);

    static native int setsockopt(int fd, int level, int option, long value, int length);

    static native int getsockopt(int fd, int level, int option, long value, long length);

    static native long sendmsg(int fd, long message, int flags);

    static native long recvmsg(int fd, long message, int flags);

    static native int sendmmsg(int fd, long messages, int count, int flags);

    static native int recvmmsg(int fd, long messages, int count, int flags, long timeout);

    static native int ppoll(long fds, long count, long timespec, long mask);

    static native int eventfd(int initial, int flags);

    static native int timerfd_create(int clock, int flags);

    static native int timerfd_settime(int fd, int flags, long value, long former);

    static native int setns(int fd, int type);

    static native int unshare(int flags);

    static native int prctl(int option, long a, long b, long c, long d);

    static native int clock_gettime(int clock, long timespec);

    static native int if_nametoindex(String name);

    static native int listen(int fd, int backlog);

    static native int accept4(int fd, long address, long length, int flags);

    static native int sched_setscheduler(int pid, int policy, long parameters);

    static native int kill(int pid, int signal);

    static native long ptrace(int request, int pid, long address, long data);

    static native int waitpid(int pid, long status, int options);

    static native int prlimit(int pid, int resource, long newLimit, long oldLimit);

    static native long mmap(long address, long bytes, int protection, int flags, int fd, long at);

    static native int mprotect(long address, long bytes, int protection);
  }

  private static int result(int r) {
    return r >= 0 ? r : -Native.getLastError();
  }

  private static long result(long r) {
    return r >= 0 ? r : -Native.getLastError();
  }

  public static int open(String path, int flags) {
    return result(C.open(path, flags, 0));
  }

  public static int close(int fd) {
    return result(C.close(fd));
  }

  /** A file in memory, without a place in the file system. */
  public static int memfdCreate(String name, int flags) {
    return result(C.memfd_create(name, flags));
  }

  public static int ioctl(int fd, long request, long argument) {
    return result(C.ioctl(fd, request, argument));
  }

  /** As the call on an address; keeps the memory alive meanwhile. */
  public static int ioctl(int fd, long request, Memory argument) {
    try {
      return ioctl(fd, request, argument.address());
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  public static long read(int fd, long buffer, long bytes) {
    return DirectCalls.AVAILABLE
        ? DirectCalls.read(fd, buffer, bytes)
        : result(C.read(fd, buffer, bytes));
  }

  public static long write(int fd, long buffer, long bytes) {
    return DirectCalls.AVAILABLE
        ? DirectCalls.write(fd, buffer, bytes)
        : result(C.write(fd, buffer, bytes));
  }

  public static long writev(int fd, long iovec, int count) {
    return DirectCalls.AVAILABLE
        ? DirectCalls.writev(fd, iovec, count)
        : result(C.writev(fd, iovec, count));
  }

  public static int socket(int domain, int type, int protocol) {
    return result(C.socket(domain, type, protocol));
  }

  public static int bind(int fd, long address, int length) {
    return result(C.bind(fd, address, length));
  }

  /** As the call on an address; keeps the memory alive meanwhile. */
  public static int bind(int fd, Memory address, int length) {
    try {
      return bind(fd, address.address(), length);
    } finally {
      Reference.reachabilityFence(address);
    }
  }

  public static int connect(int fd, long address, int length) {
    return result(C.connect(fd, address, length));
  }

  /** As the call on an address; keeps the memory alive meanwhile. */
  public static int connect(int fd, Memory address, int length) {
    try {
      return connect(fd, address.address(), length);
    } finally {
      Reference.reachabilityFence(address);
    }
  }

  public static int getsockname(int fd, long address, long length) {
    return result(C.getsockname(fd, address, length));
  }

  public static int setsockopt(int fd, int level, int option, long value, int length) {
    return result(C.setsockopt(fd, level, option, value, length));
  }

  /** As the call on an address; keeps the memory alive meanwhile. */
  public static int setsockopt(int fd, int level, int option, Memory value, int length) {
    try {
      return setsockopt(fd, level, option, value.address(), length);
    } finally {
      Reference.reachabilityFence(value);
    }
  }

  public static int getsockopt(int fd, int level, int option, long value, long length) {
    return result(C.getsockopt(fd, level, option, value, length));
  }

  public static long sendmsg(int fd, long message, int flags) {
    return DirectCalls.AVAILABLE
        ? DirectCalls.sendmsg(fd, message, flags)
        : result(C.sendmsg(fd, message, flags));
  }

  public static long recvmsg(int fd, long message, int flags) {
    return DirectCalls.AVAILABLE
        ? DirectCalls.recvmsg(fd, message, flags)
        : result(C.recvmsg(fd, message, flags));
  }

  public static int sendmmsg(int fd, long messages, int count, int flags) {
    return DirectCalls.AVAILABLE
        ? (int) DirectCalls.sendmmsg(fd, messages, count, flags)
        : result(C.sendmmsg(fd, messages, count, flags));
  }

  public static int recvmmsg(int fd, long messages, int count, int flags) {
    return DirectCalls.AVAILABLE
        ? (int) DirectCalls.recvmmsg(fd, messages, count, flags)
        : result(C.recvmmsg(fd, messages, count, flags, 0));
  }

  /** Waits for descriptors; may write into the time-out what is left of it. */
  public static int ppoll(long fds, long count, long timespec) {
    return DirectCalls.AVAILABLE
        ? (int) DirectCalls.ppoll(fds, count, timespec, 0)
        : result(C.ppoll(fds, count, timespec, 0));
  }

  public static int timerfdCreate(int clock, int flags) {
    return result(C.timerfd_create(clock, flags));
  }

  public static int timerfdSettime(int fd, int flags, long value, long former) {
    return result(C.timerfd_settime(fd, flags, value, former));
  }

  public static int eventfd(int initial, int flags) {
    return result(C.eventfd(initial, flags));
  }

  public static int setns(int fd, int type) {
    return result(C.setns(fd, type));
  }

  public static int unshare(int flags) {
    return result(C.unshare(flags));
  }

  public static int prctl(int option, long a, long b, long c, long d) {
    return result(C.prctl(option, a, b, c, d));
  }

  public static int clockGettime(int clock, long timespec) {
    return result(C.clock_gettime(clock, timespec));
  }

  public static int ifNameToIndex(String name) {
    int index = C.if_nametoindex(name);
    return index > 0 ? index : -Native.getLastError();
  }

  public static int listen(int fd, int backlog) {
    return result(C.listen(fd, backlog));
  }

  /** Takes the next connection, without its address. */
  public static int accept(int fd, int flags) {
    return result(C.accept4(fd, 0, 0, flags));
  }

  /** Sets the scheduling policy of a thread; pid 0 is the calling thread. */
  public static int schedSetscheduler(int pid, int policy, long parameters) {
    return result(C.sched_setscheduler(pid, policy, parameters));
  }

  /** Sends a signal; a negative pid means a process group. */
  public static int kill(int pid, int signal) {
    return result(C.kill(pid, signal));
  }

  /** Traces a thread; all requests about one come from the same thread. */
  public static long ptrace(int request, int pid, long address, long data) {
    return result(C.ptrace(request, pid, address, data));
  }

  /** Waits for a child or a traced thread, without its status. */
  public static int waitpid(int pid, int options) {
    return result(C.waitpid(pid, 0, options));
  }

  /** Sets and reads a resource limit ({@code struct rlimit64}); pid 0 is this process. */
  public static int prlimit(int pid, int resource, long newLimit, long oldLimit) {
    return result(C.prlimit(pid, resource, newLimit, oldLimit));
  }
}
