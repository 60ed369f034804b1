// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import oasis.os.OsException;

/**
 * The plan of a run and its raw data, written at once, so that a run that was broken off can go on.
 *
 * @param directory the run's folder
 * @param plan class of plans
 * @param entry class of what is measured piece by piece
 */
public record RawData<P, E>(Path directory, Class<P> plan, Class<E> entry) {
  private static final String RAW = "raw.jsonl";
  private static final String PLAN = "plan.json";
  private static final String BUILD = "build";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What an earlier run has measured so far, for this one to go on behind it.
   *
   * @param now the plan of this run
   * @param asNow gives the earlier plan this run's number of rounds, in which they may differ
   * @param wanted what this run would measure, too
   * @param progress is told how much there is
   * @throws OsException when there is no earlier run, or it had another plan or another program
   */
  public List<E> resume(
      P now, UnaryOperator<P> asNow, Predicate<E> wanted, Consumer<String> progress)
      throws OsException, IOException {
    if (!Files.exists(directory.resolve(PLAN))) {
      throw new OsException("nothing to resume in " + directory);
    }
    P before = JSON.readValue(Files.readString(directory.resolve(PLAN)), plan);
    if (!asNow.apply(before).equals(now)) {
      throw new OsException("the run in " + directory + " had another plan: " + before);
    }
    Build.requireSame(directory.resolve(BUILD), Build.now());
    List<E> kept = entries().stream().filter(wanted).toList();
    progress.accept("resumed: " + kept.size() + " measurements are there");
    return kept;
  }

  /** What has been measured so far; a last line that was broken off is left out. */
  private List<E> entries() throws IOException {
    List<E> entries = new ArrayList<>();
    List<String> lines = Files.readAllLines(directory.resolve(RAW));
    for (int i = 0; i < lines.size(); i++) {
      Optional<E> entry = parse(lines.get(i), i == lines.size() - 1);
      entry.ifPresent(entries::add);
    }
    return entries;
  }

  private Optional<E> parse(String line, boolean last) throws IOException {
    try {
      return Optional.of(JSON.readValue(line, entry));
    } catch (IOException e) {
      if (last) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** A folder, not there yet, for programs' files that no earlier part of the run has used. */
  public Path freshFolder() {
    int number = 1;
    while (Files.exists(directory.resolve("output-" + number))) {
      number++;
    }
    return directory.resolve("output-" + number);
  }

  /** Begins a run with what is kept of an earlier one. */
  public void begin(P newPlan, List<E> kept) throws IOException {
    Files.writeString(directory.resolve(PLAN), JSON.writeValueAsString(newPlan));
    Files.writeString(directory.resolve(BUILD), Build.now() + "\n");
    List<String> lines = new ArrayList<>();
    for (E each : kept) {
      lines.add(JSON.writeValueAsString(each));
    }
    Files.write(directory.resolve(RAW), lines);
  }

  /** Adds what was just measured. */
  public void add(E each) throws IOException {
    Files.write(
        directory.resolve(RAW), List.of(JSON.writeValueAsString(each)), StandardOpenOption.APPEND);
  }
}
