// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Unsealer;

/**
 * What seals the datagrams to an entry node and checks those from it. Used by the data loop only.
 */
record Seal(SharedKey key, Sealer sealer, Unsealer unsealer) {}
