// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.ArrayList;
import java.util.List;
import oasis.experiments.measure.InRounds;

/**
 * One change under load.
 *
 * @param round from 1
 * @param way how the exit node carried
 * @param change what was done to it
 * @param startedAt time of day, ISO 8601
 * @param carried TCP connections to the server that the exit node carried just before
 * @param inFlight downloads that had not ended when the next exit node, or nobody, carried
 * @param changeMs time from the request to the next exit node that carries
 * @param standstillMs longest time between two answers to pings
 * @param resets that the exit node's kernel sent meanwhile
 * @param left what a killed exit node left in nftables and on interfaces two seconds later
 * @param downloads what became of them
 */
record Step(
    int round,
    Way way,
    Change change,
    String startedAt,
    int carried,
    int inFlight,
    double changeMs,
    double standstillMs,
    long resets,
    List<String> left,
    List<Download> downloads)
    implements InRounds.Measured {
  /**
   * A download.
   *
   * @param status of curl
   * @param whole whether the SHA-256 of what came is right
   */
  record Download(int status, boolean whole) {
    @JsonIgnore
    boolean good() {
      return status == 0 && whole;
    }
  }

  /** Downloads that did not bring the file. */
  @JsonIgnore
  long failed() {
    return downloads.stream().filter(each -> !each.good()).count();
  }

  /** Why it shows nothing; empty when it does. */
  @JsonIgnore
  List<String> doubts() {
    List<String> doubts = new ArrayList<>();
    if (downloads.size() < Plan.DOWNLOADS || carried < Plan.DOWNLOADS) {
      doubts.add(carried + " of " + Plan.DOWNLOADS + " downloads were carried");
    }
    if (inFlight < Plan.DOWNLOADS) {
      doubts.add(inFlight + " of " + Plan.DOWNLOADS + " downloads were in flight");
    }
    return doubts;
  }
}
