/** How a plugin writes down the layer 2 segment of a network. */

/**
 * The text for a segment, one line.
 * @param kind what makes the segment: a bridge, a driver
 * @param told the values that tell segments of this kind apart; those that are undefined are left out
 */
export function segment(kind: string, told: Record<string, unknown> = {}): string {
  return `${kind} ${JSON.stringify(told)}`
}
