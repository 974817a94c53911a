/** The demo of ipvtap: no ping passes, because packets go to a program. */

export const takesPings = false
