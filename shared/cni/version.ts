/** The versions of the CNI specification that Patchbay supports: all that were published. */

export const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

export type SpecVersion = (typeof versions)[number]

/** Whether `version` is `other` or newer. */
export function atLeast(version: SpecVersion, other: SpecVersion): boolean {
  return versions.indexOf(version) >= versions.indexOf(other)
}

/** The newest version: Patchbay's own form of a result. */
export const newest: SpecVersion = '1.1.0'
