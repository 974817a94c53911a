/** The versions of the CNI specification that Patchbay speaks: all that were ever published. */

export const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

export type SpecVersion = (typeof versions)[number]

/** Whether `version` is `other` or newer. */
export function atLeast(version: SpecVersion, other: SpecVersion): boolean {
  return versions.indexOf(version) >= versions.indexOf(other)
}

/** The newest of them: the form that Patchbay thinks in. */
export const newest: SpecVersion = '1.1.0'
