// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.List;
import java.util.Optional;
import oasis.emulator.Program;
import oasis.emulator.StalledThread;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;
import oasis.os.linux.Sys;

/** Gives the client its blow. Confined to one thread. */
final class Strike implements AutoCloseable {
  private static final int SIGKILL = 9;
  private static final int SIGSTOP = 19;

  /** The client starts a supervisor again within two seconds. */
  private static final int REVIVED_TRIES = 60;

  private static final int GROUP_TRIES = 50;

  private static final long REVIVED_PAUSE_MS = 100;

  /** The thread that carries packets, as the kernel calls it. */
  private static final String LOOP = "data";

  private final List<String> doubts;
  private Optional<StalledThread> stalled = Optional.empty();

  /**
   * @param doubts gets a line when the blow misses
   */
  Strike(List<String> doubts) {
    this.doubts = doubts;
  }

  /** Strikes; returns when, {@link System#nanoTime}, just before. */
  long at(Program client, Blow blow) throws OsException {
    int pid = (int) client.pid();
    if (blow == Blow.STOP_UNGUARDED) {
      killSupervisor(pid);
    }
    long now = System.nanoTime();
    switch (blow) {
      case KILL -> kill(pid, SIGKILL);
      case KILL_GROUP -> killGroup(pid);
      case STOP, STOP_UNGUARDED -> kill(pid, SIGSTOP);
      case STOP_GROUP -> kill(-pid, SIGSTOP);
      case STALL -> stalled = Optional.of(StalledThread.of(pid, LOOP));
    }
    return now;
  }

  private void kill(int pid, int signal) {
    if (Sys.kill(pid, signal) < 0) {
      doubts.add("the client had ended");
    }
  }

  /** Right after its start a client has no process group of its own yet. */
  private void killGroup(int pid) throws OsException {
    for (int i = 0; i < GROUP_TRIES; i++) {
      if (Sys.kill(-pid, SIGKILL) >= 0) {
        return;
      }
      Pause.ms(1);
    }
    doubts.add("the client had ended");
  }

  private void killSupervisor(int pid) throws OsException {
    Optional<ProcessHandle> supervisor = supervisor(pid);
    if (supervisor.isEmpty()) {
      doubts.add("there was no supervisor to kill");
      return;
    }
    long old = supervisor.get().pid();
    supervisor.get().destroyForcibly();
    for (int i = 0; i < REVIVED_TRIES; i++) {
      Pause.ms(REVIVED_PAUSE_MS);
      if (supervisor(pid).filter(process -> process.pid() != old).isPresent()) {
        Pause.ms(2 * REVIVED_PAUSE_MS); // it has to begin to listen
        return;
      }
    }
  }

  private static Optional<ProcessHandle> supervisor(int pid) {
    return ProcessHandle.of(pid).stream()
        .flatMap(ProcessHandle::children)
        .filter(ProcessHandle::isAlive)
        .filter(child -> child.info().command().orElse("").endsWith("/bash"))
        .findFirst();
  }

  /** Lets go of a thread that was held. */
  @Override
  public void close() {
    stalled.ifPresent(StalledThread::close);
  }
}
