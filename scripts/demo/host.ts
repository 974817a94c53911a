/** The demo's own host: empty state, loopback up. It vanishes with the process. */

import { run } from '../run.ts'

export async function makeHost(): Promise<void> {
  for (const path of ['/run', '/var/lib']) await run('mount', ['-t', 'tmpfs', 'tmpfs', path])
  await run('mount', ['-t', 'sysfs', 'sysfs', '/sys'])
  await run('ip', ['link', 'set', 'lo', 'up'])
}

/** A network namespace, as a runtime makes one for a container. @returns its path */
export async function makeContainer(name: string): Promise<string> {
  await run('ip', ['netns', 'add', name])
  return `/run/netns/${name}`
}

export async function removeContainer(name: string): Promise<void> {
  await run('ip', ['netns', 'delete', name])
}
