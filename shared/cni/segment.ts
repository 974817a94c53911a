/** The text that identifies the layer 2 segment of a network. */

/**
 * The text for a segment, one line.
 * @param kind the kind of segment: a bridge, a driver
 * @param values the values that distinguish segments of this kind; undefined ones are left out
 */
export function segment(kind: string, values: Record<string, unknown> = {}): string {
  return `${kind} ${JSON.stringify(values)}`
}
