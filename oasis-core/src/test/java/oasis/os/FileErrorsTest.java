// SPDX-License-Identifier: Apache-2.0
package oasis.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileErrorsTest {
  @TempDir Path directory;

  @Test
  void whatIsMissingIsSaid() {
    Path file = directory.resolve("none");
    IOException e = catchThrowableOfType(IOException.class, () -> Files.newInputStream(file));
    assertThat(FileErrors.describe(e)).isEqualTo(file + ": no such file or directory");
    assertThat(FileErrors.reason(e)).isEqualTo("no such file or directory");
  }

  @Test
  void aFileInThePlaceOfADirectoryIsSaid() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    IOException e = catchThrowableOfType(IOException.class, () -> Files.createDirectories(file));
    assertThat(FileErrors.describe(e)).isEqualTo(file + ": something else is there already");
  }

  @Test
  void whatTheSystemSaysIsKept() throws IOException {
    IOException e = catchThrowableOfType(IOException.class, () -> Files.readAllBytes(directory));
    assertThat(FileErrors.describe(e)).contains("Is a directory");
    assertThat(FileErrors.describe(new FileSystemException("x", null, "No space left on device")))
        .isEqualTo("x: No space left on device");
    assertThat(FileErrors.describe(new IOException("said already"))).isEqualTo("said already");
    assertThat(FileErrors.describe(new IOException())).isEqualTo("IOException");
  }
}
