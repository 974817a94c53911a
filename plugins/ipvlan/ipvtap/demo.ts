/** What the demo must know of ipvtap: no ping passes, as its packets go to a program. */

export const takesPings = false
