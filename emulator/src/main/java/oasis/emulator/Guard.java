// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.os.OsException;

/**
 * A process that outlives this one by a moment: it reads a pipe whose other end only we hold, and
 * when that ends without a word, we were killed, and it removes the emulation. Should it be killed
 * too, the next start of an emulation removes what is left.
 */
final class Guard implements AutoCloseable {
  private static final byte[] DONE = {'d', 'o', 'n', 'e', '\n'};
  private static final long WAIT_S = 5;

  /** Arguments: the state file, the root of resolv.conf files, and the namespaces. */
  private static final String SCRIPT =
      """
      read -r word
      [ "$word" = done ] && exit 0
      state=$1 resolvers=$2
      shift 2
      # A program that was making namespaces may go on for a moment: look again a little later.
      for pass in 1 2 3; do
        for round in 1 2 3 4 5 6 7 8 9 10; do
          left=
          for name do
            pids=$(ip netns pids "$name" 2>/dev/null)
            [ -n "$pids" ] && left=1 && kill -KILL $pids
          done
          [ -z "$left" ] && break
          sleep 0.02
        done
        for name do
          ip netns del "$name" 2>/dev/null
          rm -f "$resolvers/$name/resolv.conf"
          rmdir "$resolvers/$name" 2>/dev/null
        done
        [ "$pass" = 3 ] || sleep 0.3
      done
      rm -f "$state"
      """;

  private final Process process;

  private Guard(Process process) {
    this.process = process;
  }

  /** Starts a guard over namespaces that are about to be made. */
  static Guard start(Path stateFile, List<String> namespaces) throws OsException {
    // A session of its own, so that Ctrl-C and a kill of our process group spare it.
    List<String> argv = new ArrayList<>(List.of("setsid", "sh", "-c", SCRIPT, "oasis-guard"));
    argv.add(stateFile.toAbsolutePath().toString());
    argv.add(Removal.RESOLVER_ROOT.toString());
    argv.addAll(namespaces);
    try {
      return new Guard(
          new ProcessBuilder(argv)
              .redirectOutput(Redirect.DISCARD)
              .redirectError(Redirect.DISCARD)
              .start());
    } catch (IOException e) {
      throw new OsException("guard process: cannot be started: " + e.getMessage(), e);
    }
  }

  /** Ends it without effect; everything has been removed. */
  @Override
  public void close() {
    try (OutputStream pipe = process.getOutputStream()) {
      pipe.write(DONE);
      pipe.flush();
    } catch (IOException e) {
      return; // it has been killed
    }
    try {
      process.waitFor(WAIT_S, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
