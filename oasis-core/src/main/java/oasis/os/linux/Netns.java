// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.util.List;
import java.util.concurrent.Callable;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Named network namespaces, as {@code ip netns} keeps them below {@code /run/netns}. */
public final class Netns {
  private static final int CLONE_NEWNET = 0x4000_0000;

  private Netns() {}

  /** Creates a namespace and brings its loopback up. */
  public static void create(CommandRunner runner, String name) throws OsException {
    runner.check("ip", "netns", "add", name);
    runner.check("ip", "-n", name, "link", "set", "lo", "up");
  }

  /** Deletes a namespace; one that does not exist is no error. */
  public static void delete(CommandRunner runner, String name) throws OsException {
    if (list(runner).contains(name)) {
      runner.check("ip", "netns", "del", name);
    }
  }

  /** Names of all namespaces. */
  public static List<String> list(CommandRunner runner) throws OsException {
    return runner
        .check("ip", "netns", "list")
        .lines()
        .map(line -> line.strip().split(" ", 2)[0])
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /**
   * Runs code on the calling platform thread inside a namespace and comes back. Sockets and TUN
   * devices that the code opens stay in that namespace; threads and processes that it starts
   * inherit it.
   *
   * @throws OsException when the namespace cannot be entered
   * @throws Exception what the code throws
   */
  public static <T> T in(String name, Callable<T> code) throws Exception {
    int home = openNamespace("/proc/thread-self/ns/net");
    try {
      int there = openNamespace("/run/netns/" + name);
      try {
        enter(there, name);
      } finally {
        Sys.close(there);
      }
      try {
        return code.call();
      } finally {
        // A thread that cannot come back must not go on: it would act in the wrong namespace.
        enter(home, "the namespace before " + name);
      }
    } finally {
      Sys.close(home);
    }
  }

  /**
   * Takes the calling platform thread into a new namespace without a name, for good. Sockets and
   * TUN devices that it opens stay there; threads and processes that it starts inherit it. It
   * vanishes with the last of them.
   *
   * @throws OsException without CAP_SYS_ADMIN
   */
  public static void leaveForNew() throws OsException {
    Errno.check(Sys.unshare(CLONE_NEWNET), "unshare", "of the network");
  }

  private static int openNamespace(String path) throws OsException {
    return Errno.check(
        Sys.open(path, LinuxConstants.O_RDONLY | LinuxConstants.O_CLOEXEC), "open", path);
  }

  private static void enter(int fd, String name) throws OsException {
    Errno.check(Sys.setns(fd, CLONE_NEWNET), "setns", name);
  }
}
