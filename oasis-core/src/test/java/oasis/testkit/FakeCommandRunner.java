// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.os.CommandRunner;

/**
 * Remembers each command and answers as told. A command whose beginning nobody announced fails the
 * test, unless {@link #answerAll()} was called.
 */
public final class FakeCommandRunner implements CommandRunner {
  private static final Result OK = new Result(0, "", "");

  private final List<String> commands = new ArrayList<>();
  private final List<String> inputs = new ArrayList<>();
  private final Map<String, Result> answers = new LinkedHashMap<>();
  private boolean answerAll;

  /** Lets commands that begin with these words succeed with this output; the last match wins. */
  public FakeCommandRunner answer(String beginning, String out) {
    answers.put(beginning, new Result(0, out, ""));
    return this;
  }

  /** Lets commands that begin with these words fail. */
  public FakeCommandRunner fail(String beginning, int status, String err) {
    answers.put(beginning, new Result(status, "", err));
    return this;
  }

  /** Lets every other command succeed without output. */
  public FakeCommandRunner answerAll() {
    answerAll = true;
    return this;
  }

  /** The commands so far, in order, words joined by one space. */
  public List<String> commands() {
    return List.copyOf(commands);
  }

  /** Standard input of each command so far. */
  public List<String> inputs() {
    return List.copyOf(inputs);
  }

  /** Forgets the commands so far; the answers stay. */
  public void clear() {
    commands.clear();
    inputs.clear();
  }

  @Override
  public Result run(List<String> command, String input) {
    String line = String.join(" ", command);
    commands.add(line);
    inputs.add(input);
    Result found = answerAll ? OK : null;
    for (Map.Entry<String, Result> answer : answers.entrySet()) {
      if (line.equals(answer.getKey()) || line.startsWith(answer.getKey() + " ")) {
        found = answer.getValue();
      }
    }
    if (found == null) {
      throw new AssertionError("unexpected command: " + line);
    }
    return found;
  }
}
