// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** One run of {@code oasis emulate}: starts the commands, waits, and collects the result. */
final class Run {
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final long POLL_MS = 50;
  private static final long LAST_MS = 10_000;

  /** A shell command for a node. */
  record Task(String node, String command) {}

  private final List<Task> tasks;
  private final @Nullable Duration limit;
  private final boolean echo;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);

  /**
   * @param tasks what to run
   * @param limit end after this at the latest, or null
   * @param echo print the programs' lines and what to do
   */
  Run(List<Task> tasks, @Nullable Duration limit, boolean echo) {
    this.tasks = tasks;
    this.limit = limit;
    this.echo = echo;
  }

  RunResult execute(Topology topology, Emulation.Options options, boolean keep) throws OsException {
    try (Emulation emulation = Emulation.start(topology, options);
        Roles roles = Roles.start(emulation, Launcher.ofThisProcess(), options.outputDirectory())) {
      emulation.beforeExit(this::endEarly);
      long start = System.nanoTime();
      List<Program> programs = new ArrayList<>();
      for (Task task : tasks) {
        programs.add(start(emulation, task));
      }
      if (echo && keep) {
        emulation
            .nodes()
            .forEach(
                node ->
                    System.out.println(
                        node.name() + ": ip netns exec " + node.namespace() + " COMMAND"));
        roles.hints().forEach(System.out::println);
      }
      boolean inTime = await(programs, start, keep);
      List<RunResult.ProgramResult> results = new ArrayList<>();
      for (int i = 0; i < programs.size(); i++) {
        results.add(result(tasks.get(i), programs.get(i), inTime));
      }
      List<String> doubts = new ArrayList<>(emulation.doubts());
      doubts.addAll(roles.doubts());
      return new RunResult(
          topology.name(),
          topology.seed(),
          results,
          emulation.report(),
          doubts,
          emulation.settings());
    }
  }

  /** Tells those who ask the run to end early that its result is written. */
  void over() {
    over.countDown();
  }

  /** Ends the run, and gives the other thread the time to collect and write its result. */
  private void endEarly() {
    asked.countDown();
    try {
      boolean unused = over.await(LAST_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Program start(Emulation emulation, Task task) throws OsException {
    Command command = Command.of("/bin/sh", "-c", task.command()).withName("run");
    return emulation
        .node(task.node())
        .start(
            echo
                ? command.withListener(line -> System.out.println(task.node() + ": " + line))
                : command);
  }

  /**
   * Waits for the end of all programs, of the time, or of this process; false when programs did not
   * end first.
   */
  private boolean await(List<Program> programs, long start, boolean keep) throws OsException {
    boolean ended = false;
    while (!ended || keep) {
      if (limit != null && System.nanoTime() - start >= limit.toNanos()) {
        return ended;
      }
      ended = programs.stream().noneMatch(Program::isAlive);
      try {
        if (asked.await(POLL_MS, TimeUnit.MILLISECONDS)) {
          return ended;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new OsException("interrupted", e);
      }
    }
    return true;
  }

  private static RunResult.ProgramResult result(Task task, Program program, boolean inTime)
      throws OsException {
    boolean stopped = !inTime && program.isAlive();
    if (stopped) {
      program.stop(GRACE);
    }
    int status = program.waitFor(GRACE);
    return new RunResult.ProgramResult(
        task.node(),
        task.command(),
        status,
        stopped,
        program.outputFile().toString(),
        program.errorFile().toString());
  }
}
