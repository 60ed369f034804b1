// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import oasis.flow.FakePool;
import oasis.flow.Journal;
import oasis.packet.Prefix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileJournalTest {
  @TempDir Path folder;

  private static boolean add(Journal journal, String text) {
    return journal.append(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String text(FileJournal journal) throws IOException {
    return StandardCharsets.UTF_8.decode(journal.read()).toString();
  }

  @Test
  void recordsAreThereAfterTheNextOpen() throws IOException {
    Path path = folder.resolve("journal");
    try (FileJournal journal = FileJournal.open(path)) {
      assertThat(add(journal, "one ")).isTrue();
      assertThat(add(journal, "two ")).isTrue();
      // Not closed: what a killed process leaves behind.
      try (FileJournal next = FileJournal.open(path)) {
        assertThat(text(next)).isEqualTo("one two ");
        add(next, "three");
        assertThat(text(next)).isEqualTo("one two three");
        assertThat(next.bytes()).isEqualTo(13);
      }
    }
  }

  @Test
  void compactionReplacesTheJournalAndLaterRecordsFollow() throws IOException {
    Path path = folder.resolve("journal");
    try (FileJournal journal = FileJournal.open(path)) {
      add(journal, "one two three ");
      journal.compact(fresh -> add(fresh, "brief "));
      add(journal, "four");
      assertThat(text(journal)).isEqualTo("brief four");
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void aFailedCompactionLeavesTheOldJournalInUse() throws IOException {
    Path path = folder.resolve("journal");
    try (FileJournal journal = FileJournal.open(path)) {
      add(journal, "one ");
      assertThatThrownBy(() -> journal.compact(fresh -> false)).isInstanceOf(IOException.class);
      add(journal, "two");
      assertThat(text(journal)).isEqualTo("one two");
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void whatCrashedInACompactionIsOverwrittenByTheNext() throws IOException {
    Path path = folder.resolve("journal");
    Files.writeString(folder.resolve("journal.new"), "half a journal, longer than the next");
    try (FileJournal journal = FileJournal.open(path)) {
      journal.compact(fresh -> add(fresh, "whole"));
      assertThat(text(journal)).isEqualTo("whole");
    }
  }

  @Test
  void onlyTheOwnerMayReadTheNames() throws IOException {
    Path path = folder.resolve("journal");
    try (FileJournal journal = FileJournal.open(path)) {
      journal.compact(fresh -> add(fresh, "secret.example"));
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
  }

  @Test
  void aPoolKeepsItsFakesOverRestartsAndCompactions() throws IOException {
    Path path = folder.resolve("journal");
    Prefix range = Prefix.parse("198.18.0.0/16");
    long fake = 0;
    for (int start = 0; start < 5; start++) {
      try (FileJournal journal = FileJournal.open(path)) {
        FakePool pool = new FakePool(range, start, journal, () -> 1_700_000_000L);
        assertThat(pool.restore(journal.read(), 0).entries()).isEqualTo(start == 0 ? 0 : start + 1);
        journal.compact(fresh -> pool.writeTo(fresh, 0));
        long same = pool.assign("www.example.org", 0, 1, 0, 0);
        assertThat(start == 0 || same == fake).isTrue();
        fake = same;
        pool.assign("n" + start, 0, 1, 0, 0);
      }
    }
  }
}
