/** What the demo must know of vcan: no ping passes, as CAN carries no IP. */

export const takesPings = false
