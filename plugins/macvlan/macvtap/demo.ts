/** What the demo must know of macvtap: no ping passes, as its frames go to a program. */

export const takesPings = false
