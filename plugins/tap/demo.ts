/** The demo of tap: no ping passes, because frames go to a program. */

export const takesPings = false
