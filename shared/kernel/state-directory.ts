/** The directory of Patchbay's state. It is below `/run`, which a reboot empties. */
export const stateDirectory = '/run/patchbay'
