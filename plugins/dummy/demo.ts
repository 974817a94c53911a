/** What the demo must know of dummy: no ping passes, as it leads nowhere. */

export const takesPings = false
