/** Helpers of the IPAM tests: requests like those of the run loop, and temporary directories. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Plugin, Request } from '../../../shared/cni/plugin.ts'
import { CniError } from '../../../shared/error/error.ts'

/** The lines that a plugin logged since the last request was made. */
export const logged: string[] = []

/** A request whose configuration is validated strictly, or leniently as for DEL. */
export function requestOf<Config>(
  { name, config }: Pick<Plugin<Config>, 'name' | 'config'>,
  raw: Record<string, unknown>,
  more: Partial<Request<Config>> & { lenient?: boolean } = {},
): Request<Config> {
  logged.length = 0
  const log = { warn: (line: string) => logged.push(line), info: (line: string) => logged.push(line) }
  const { lenient, ...parameters } = more
  const whole = { cniVersion: '1.1.0', name: 'net', type: name, ...raw }
  return {
    command: 'ADD',
    plugin: name,
    network: 'net',
    containerID: 'c1',
    ifname: 'eth0',
    netns: '',
    args: {},
    path: [],
    cniVersion: '1.1.0',
    config: config[lenient ? 'parseLeniently' : 'parse'](config.canonical(whole), log),
    raw: whole,
    input: JSON.stringify(whole),
    validAttachments: [],
    log,
    ...parameters,
  }
}

const directories: string[] = []

/** A new directory; `removeDirectories` deletes it. */
export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-ipam-'))
  directories.push(directory)
  return directory
}

export function removeDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}

/** Asserts that an action fails with a CNI error of this code and this message, or one that matches. */
export async function fails(
  action: () => unknown,
  code: number,
  message: string | RegExp,
): Promise<CniError> {
  try {
    await action()
  } catch (error) {
    assert.instance(error, CniError, `${error}`)
    const cniError = error as CniError
    if (typeof message === 'string') assert.is(cniError.message, message)
    else assert.match(cniError.message, message)
    assert.is(cniError.code, code)
    return cniError
  }
  return assert.unreachable('it did not fail') as never
}
