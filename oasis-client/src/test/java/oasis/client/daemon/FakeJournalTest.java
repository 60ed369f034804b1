// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FakeJournalTest {
  @TempDir private Path state;

  @Test
  void recordsAreInTheFileAtOnceAndInOrder() throws Exception {
    try (FakeJournal journal = FakeJournal.open(path())) {
      assertThat(journal.append(bytes("one,"))).isTrue();
      assertThat(journal.append(bytes("two,"))).isTrue();

      assertThat(Files.readString(path())).isEqualTo("one,two,");
      assertThat(journal.bytes()).isEqualTo(8);
    }
  }

  @Test
  void aReplacedJournalGoesOn() throws Exception {
    try (FakeJournal journal = FakeJournal.open(path())) {
      journal.append(bytes("long story,"));

      assertThat(journal.replace(brief -> brief.append(bytes("brief,")))).isTrue();
      journal.append(bytes("more,"));

      assertThat(Files.readString(path())).isEqualTo("brief,more,");
    }
  }

  @Test
  void aReplacementThatFailsChangesNothing() throws Exception {
    try (FakeJournal journal = FakeJournal.open(path())) {
      journal.append(bytes("story,"));

      assertThat(journal.replace(brief -> false)).isFalse();
      journal.append(bytes("more,"));

      assertThat(Files.readString(path())).isEqualTo("story,more,");
    }
  }

  @Test
  void whatCrashedInAReplacementIsOverwrittenByTheNext() throws Exception {
    Files.writeString(state.resolve(FakeJournal.NAME4 + ".new"), "half a journal");
    try (FakeJournal journal = FakeJournal.open(path())) {
      assertThat(journal.replace(brief -> brief.append(bytes("whole")))).isTrue();
      assertThat(Files.readString(path())).isEqualTo("whole");
    }
  }

  @Test
  void recordsFollowThoseOfAnEarlierRun() throws Exception {
    try (FakeJournal journal = FakeJournal.open(path())) {
      journal.append(bytes("one,"));
      // Not closed: what a killed process leaves behind.
      try (FakeJournal next = FakeJournal.open(path())) {
        assertThat(next.append(bytes("two,"))).isTrue();
        assertThat(Files.readString(path())).isEqualTo("one,two,");
        assertThat(next.bytes()).isEqualTo(8);
      }
    }
  }

  @Test
  void onlyTheOwnerMayReadTheNames() throws Exception {
    try (FakeJournal journal = FakeJournal.open(path())) {
      journal.replace(brief -> brief.append(bytes("secret.example")));
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
        .isEqualTo("rw-------");
  }

  @Test
  void aFakeAddressMeansTheSameAfterARestart() throws Exception {
    Prefix range = Prefix.parse("198.18.0.0/16");
    long real = Addresses.parse("192.0.2.9").lo();
    long fake;
    try (FakeStore store = FakeStore.open(path(), range, 1, 0)) {
      fake = store.pool().assign("www.example.edu", 0, real, 0, 0);
    }

    try (FakeStore store = FakeStore.open(path(), range, 2, 0)) {
      int entry = store.pool().find(0, fake);
      assertThat(store.pool().name(entry)).isEqualTo("www.example.edu");
      assertThat(store.pool().realLo(entry)).isEqualTo(real);
      assertThat(store.restored().entries()).isEqualTo(1);
    }
  }

  @Test
  void whereverACrashCutsTheFileEarlierFakesKeepTheirNamesAndNewOnesGetTheirOwn() throws Exception {
    Prefix range = Prefix.parse("198.18.0.0/16");
    long[] fakes = new long[4];
    long[] ends = new long[4];
    try (FakeStore store = FakeStore.open(path(), range, 1, 0)) {
      for (int i = 0; i < fakes.length; i++) {
        fakes[i] = store.pool().assign("n" + i, 0, 1, 0, 0);
        ends[i] = Files.size(path());
      }
    }
    byte[] whole = Files.readAllBytes(path());
    for (int cut = 0; cut <= whole.length; cut++) {
      Files.write(path(), Arrays.copyOf(whole, cut));
      long fresh;
      try (FakeStore store = FakeStore.open(path(), range, cut, 0)) {
        fresh = store.pool().assign("after the crash", 0, 1, 0, 0);
      }
      try (FakeStore store = FakeStore.open(path(), range, 3, 0)) {
        for (int i = 0; i < fakes.length && ends[i] <= cut; i++) {
          assertThat(store.pool().name(store.pool().find(0, fakes[i]))).isEqualTo("n" + i);
          assertThat(fresh).isNotEqualTo(fakes[i]);
        }
        assertThat(store.pool().name(store.pool().find(0, fresh))).isEqualTo("after the crash");
      }
    }
  }

  private Path path() {
    return state.resolve(FakeJournal.NAME4);
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(US_ASCII));
  }
}
