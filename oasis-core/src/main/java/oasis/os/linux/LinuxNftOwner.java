// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import oasis.os.NftOwner;
import oasis.os.OsException;

/**
 * An {@code nft -i} child process. Its netlink socket owns the tables, and it ends at the end of
 * its input, so they vanish when this process dies by any means, SIGKILL included.
 *
 * <p>nft in interactive mode takes one line as one transaction, so a ruleset goes through a file
 * (in memory) and one {@code include} line. It prints nothing on success and its errors on standard
 * error, which is not buffered; behind each transaction follows a word that is no command, and
 * nft's complaint about that word says that the transaction is over.
 */
public final class LinuxNftOwner implements NftOwner {
  private static final int TIME_OUT_SECONDS = 20;
  private static final int MFD_CLOEXEC = 1;
  private static final String GONE = "nft -i: its process has ended, and its tables with it";

  private final Process process;
  private final OutputStream input;
  private final LinkedBlockingQueue<String> errors = new LinkedBlockingQueue<>();
  private int transactions;

  /** Starts the child in the network namespace of the calling thread. */
  public LinuxNftOwner() throws OsException {
    this(List.of());
  }

  private LinuxNftOwner(List<String> prefix) throws OsException {
    List<String> argv = new ArrayList<>(prefix);
    argv.addAll(List.of("nft", "-i"));
    ProcessBuilder builder = new ProcessBuilder(argv);
    builder.environment().put("LC_ALL", "C");
    // Nobody reads what nft lists; a pipe that fills up would stop it.
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new OsException("nft -i: cannot be started: " + e.getMessage(), e);
    }
    input = process.getOutputStream();
    Thread reader = new Thread(this::readErrors, "nft-errors");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts the child in a named network namespace. */
  public static LinuxNftOwner inNamespace(String name) throws OsException {
    return new LinuxNftOwner(List.of("ip", "netns", "exec", name));
  }

  @Override
  public void apply(String ruleset) throws OsException {
    // In memory: a file would be left behind by a kill in the middle.
    int fd = Errno.check(Sys.memfdCreate("oasis.nft", MFD_CLOEXEC), "memfd_create", "oasis.nft");
    try {
      String file = "/proc/" + ProcessHandle.current().pid() + "/fd/" + fd;
      Files.writeString(Path.of(file), ruleset);
      String marker = "oasis-transaction-" + ++transactions;
      input.write(("include \"" + file + "\"\n" + marker + "\n").getBytes(UTF_8));
      input.flush();
      awaitEnd(marker, file);
    } catch (IOException e) {
      throw new OsException(alive() ? "nft -i: " + e.getMessage() : GONE, e);
    } finally {
      Sys.close(fd);
    }
  }

  /** Collects error lines up to the marker's own three lines; throws the first that counts. */
  private void awaitEnd(String marker, String file) throws OsException {
    List<String> lines = new ArrayList<>();
    try {
      for (; ; ) {
        String line = errors.poll(TIME_OUT_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
          process.destroyForcibly();
          throw new OsException("nft -i: no answer after " + TIME_OUT_SECONDS + " s");
        }
        if (line.isEmpty()) {
          throw new OsException(GONE);
        }
        if (line.strip().equals(marker)) {
          break;
        }
        lines.add(line);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("nft -i: interrupted", e);
    }
    // The last line is "Error: syntax error …" about the marker.
    String said = String.join("\n", lines.subList(0, Math.max(0, lines.size() - 1)));
    int error = said.indexOf("Error: ");
    if (error >= 0) {
      throw new OsException("nft: " + oneLine(said.substring(error + 7)) + where(said, file));
    }
  }

  private static String oneLine(String error) {
    return error.lines().limit(2).map(String::strip).reduce((a, b) -> a + ": " + b).orElse(error);
  }

  /** {@code FILE:5:1-2: Error…} gives the line of the ruleset text. */
  private static String where(String said, String file) {
    int at = said.indexOf(file + ":");
    if (at < 0) {
      return "";
    }
    String rest = said.substring(at + file.length() + 1);
    int end = rest.indexOf(':');
    return end < 0 ? "" : " (line " + rest.substring(0, end) + " of the ruleset)";
  }

  private void readErrors() {
    try (BufferedReader reader = process.errorReader(UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isEmpty() && !line.isBlank() && !line.strip().matches("\\^+")) {
          errors.add(line);
        }
      }
    } catch (IOException e) {
      // The same as its end.
    }
    errors.add("");
  }

  @Override
  public boolean alive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    try {
      input.close();
      if (!process.waitFor(2, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(2, TimeUnit.SECONDS);
      }
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
