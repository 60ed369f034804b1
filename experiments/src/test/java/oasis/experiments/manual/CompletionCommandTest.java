// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.manual;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CompletionCommandTest {
  @Test
  void completionKnowsEveryCommandOfEveryWord() {
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new CompletionCommand());
    line.setOut(new PrintWriter(out));

    assertThat(line.execute()).isZero();

    assertThat(out.toString()).startsWith("#!/usr/bin/env bash").contains("complete -F");
    check(out.toString(), "_picocli_oasis", Words.all());
  }

  private static void check(String script, String prefix, CommandLine above) {
    for (Map.Entry<String, CommandLine> below : above.getSubcommands().entrySet()) {
      String name = prefix + "_" + below.getKey().replace("-", "");
      assertThat(script).contains(name + "()");
      check(script, name, below.getValue());
    }
  }
}
