/** Patchbay's version: the package's, and the git commit it was built from. */

/** Put in by the build; unit tests run without one. */
declare const __VERSION__: string | undefined

export const version = typeof __VERSION__ === 'undefined' ? 'development' : __VERSION__
