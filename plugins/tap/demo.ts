/** What the demo must know of tap: no ping passes, as its frames go to a program. */

export const takesPings = false
