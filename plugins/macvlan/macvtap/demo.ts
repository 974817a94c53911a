/** The demo of macvtap: no ping passes, because frames go to a program. */

export const takesPings = false
