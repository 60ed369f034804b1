// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * What has happened to the packets of a class of {@link ClassQueues} since they were made.
 *
 * @param waitingPkts packets that wait now
 * @param waitingBytes their bytes
 * @param sentPkts packets that went on
 * @param sentBytes their bytes
 * @param fullPkts packets dropped because there was no room for them
 * @param latePkts packets dropped because those of their client waited for too long
 * @param markedPkts packets marked instead
 * @param delayP50Us median of the time that those sent have waited, up to a quarter too large
 * @param delayP99Us the 99th percentile, likewise
 */
public record ClassStatistics(
    long waitingPkts,
    long waitingBytes,
    long sentPkts,
    long sentBytes,
    long fullPkts,
    long latePkts,
    long markedPkts,
    long delayP50Us,
    long delayP99Us) {}
