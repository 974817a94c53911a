/** Where all that Patchbay must remember until the next boot is kept. */
export const stateDirectory = '/run/patchbay'
