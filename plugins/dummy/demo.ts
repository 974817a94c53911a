/** The demo of dummy: no ping passes, because the kernel drops what is sent through a dummy. */

export const takesPings = false
