// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option that says how often an experiment repeats what it measures. */
public final class Rounds {
  @Option(
      names = "--rounds",
      paramLabel = "N",
      converter = Count.Parser.class,
      description = "How often everything is measured (default: ${DEFAULT-VALUE}).")
  private Count count;

  /**
   * The option.
   *
   * @param usual how often, when it is not given, for the help: "30, with --quick 10"
   */
  public Rounds(String usual) {
    count = new Count(null, usual);
  }

  /** The number that was given, or the usual one. */
  public int or(int usual) {
    return count.given == null ? usual : count.given;
  }

  /** A number of the command line, or none; its text is what the help shows as the default. */
  private record Count(@Nullable Integer given, String usual) {
    @Override
    public String toString() {
      return usual;
    }

    /** For picocli. */
    static final class Parser implements ITypeConverter<Count> {
      @Override
      public Count convert(String word) {
        if (!word.matches("[1-9][0-9]{0,5}")) {
          throw new TypeConversionException("'" + word + "' is no number of at least 1");
        }
        return new Count(Integer.valueOf(word), word);
      }
    }
  }
}
