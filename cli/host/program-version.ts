/** The version of a program, as it tells it. */

import { environment } from '#engine'
import { run } from '../../shared/kernel/run.ts'

/** A program that needs longer is not asked any more. */
const bounds = { milliseconds: 3000, bytes: 65536 }

/** `1.7.24` of `containerd github.com/containerd/containerd v1.7.24 …`, which Debian writes without the v; undefined when the program fails or tells none. */
export function versionOfProgram(path: string): string | undefined {
  const { PATH = '/usr/bin:/bin' } = environment()
  const { status, stdout } = run({ path, arguments: ['--version'], env: { PATH }, input: '' }, bounds)
  return status === 0 ? /(?:^|[\sv])(\d+\.\d+\.\d+)/.exec(stdout)?.[1] : undefined
}

/** Whether a version is at least another one: `1.10.0` is at least `1.9`. */
export function isAtLeast(version: string, least: string): boolean {
  const [own, other] = [version, least].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  )
  for (const [at, wanted] of (other ?? []).entries()) {
    const difference = (own?.[at] || 0) - (wanted || 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
