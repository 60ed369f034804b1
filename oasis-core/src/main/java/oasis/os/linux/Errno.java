// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import oasis.os.OsException;

/** Error numbers of Linux that the code decides by, and names for messages. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int EMSGSIZE = 90;
  public static final int ENOPROTOOPT = 92;
  public static final int EOPNOTSUPP = 95;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETDOWN = 100;
  public static final int ENETUNREACH = 101;
  public static final int ENOBUFS = 105;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTUNREACH = 113;

  private Errno() {}

  /** What an error number means, with its name: {@code EPERM (operation not permitted)}. */
  public static String text(int errno) {
    return switch (errno) {
      case EPERM -> "EPERM (operation not permitted)";
      case ENOENT -> "ENOENT (no such file)";
      case EINTR -> "EINTR (interrupted)";
      case EIO -> "EIO (input/output error)";
      case ENXIO -> "ENXIO (no such device or address)";
      case EBADF -> "EBADF (bad file descriptor)";
      case EAGAIN -> "EAGAIN (try again)";
      case ENOMEM -> "ENOMEM (out of memory)";
      case EACCES -> "EACCES (permission denied)";
      case EBUSY -> "EBUSY (in use by another process)";
      case EEXIST -> "EEXIST (exists already)";
      case ENODEV -> "ENODEV (no such device)";
      case EINVAL -> "EINVAL (invalid argument)";
      case EMFILE -> "EMFILE (too many open files)";
      case EMSGSIZE -> "EMSGSIZE (message too long)";
      case ENOPROTOOPT -> "ENOPROTOOPT (option not known)";
      case EOPNOTSUPP -> "EOPNOTSUPP (not supported)";
      case EAFNOSUPPORT -> "EAFNOSUPPORT (address family not supported)";
      case EADDRINUSE -> "EADDRINUSE (address in use)";
      case EADDRNOTAVAIL -> "EADDRNOTAVAIL (not an address of this host)";
      case ENETDOWN -> "ENETDOWN (network is down)";
      case ENETUNREACH -> "ENETUNREACH (no route)";
      case ENOBUFS -> "ENOBUFS (no buffer space)";
      case ECONNREFUSED -> "ECONNREFUSED (connection refused)";
      case EHOSTUNREACH -> "EHOSTUNREACH (host unreachable)";
      default -> "errno " + errno;
    };
  }

  /**
   * Passes the result of a set-up call on, or throws.
   *
   * @param result what {@link Sys} returned: not negative, or -errno
   * @param call name of the call
   * @param argument what it was about
   */
  public static int check(int result, String call, String argument) throws OsException {
    if (result < 0) {
      throw new OsException(call + " " + argument + ": " + text(-result));
    }
    return result;
  }
}
