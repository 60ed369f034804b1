// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * A session of a {@link NatEngine} as it was when asked for, for listings; addresses as in {@link
 * oasis.packet.FlowKey}.
 *
 * @param client client number
 * @param protocol IP protocol number
 * @param innerHi upper half of the client's address
 * @param innerLo lower half of the client's address
 * @param innerPort the client's port or echo identifier
 * @param externalPort port or echo identifier that the remote end sees
 * @param remoteHi upper half of the remote address
 * @param remoteLo lower half of the remote address
 * @param remotePort remote port; 0 for echo
 * @param state what is known of the connection
 * @param idleNs nanoseconds since its last packet
 */
public record NatSession(
    int client,
    int protocol,
    long innerHi,
    long innerLo,
    int innerPort,
    int externalPort,
    long remoteHi,
    long remoteLo,
    int remotePort,
    NatState state,
    long idleNs) {}
