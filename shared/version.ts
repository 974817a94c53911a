/** Patchbay's version: the package's, and the git commit it was built from. */

/** Put in by the build; unit tests run without one. */
declare const __VERSION__: string | undefined

export const version = typeof __VERSION__ === 'undefined' ? 'development' : __VERSION__

/** The release of the reference plugins whose features and behaviour Patchbay has. */
const referenceVersion = '1.9.1'

/**
 * The version that a plugin says it has: the reference's, for callers that demand one of it (Nomad, nerdctl), and Patchbay's as
 * build metadata (semver.org, item 10).
 */
export const pluginVersion = `v${referenceVersion}+patchbay.${version.split('+')[0]}`
