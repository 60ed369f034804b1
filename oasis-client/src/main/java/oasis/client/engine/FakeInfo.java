// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

/**
 * A snapshot of one fake address.
 *
 * @param name the name that it stands for
 * @param fake what programs see
 * @param real what it stands for
 * @param flows flows that use it now
 */
public record FakeInfo(String name, String fake, String real, int flows) {}
