/** The demo of vcan: no ping passes, because CAN carries no IP. */

export const takesPings = false
