/** The executable as a driver of netavark, podman's network program (plugin-API.md in netavark's repository). */

import { readInput } from '../shared/cni/input.ts'
import type { Registry } from '../shared/cni/plugin.ts'
import { parseObject } from '../shared/config/json.ts'
import { CniError, printed, shortened, toCniError } from '../shared/error/error.ts'
import { complaintOfLimit } from '../shared/error/limits.ts'
import { stderrLog } from '../shared/error/log.ts'
import { KernelError } from '../shared/kernel/errno.ts'
import { writeAll } from '../shared/kernel/files.ts'
import { version } from '../shared/version.ts'
import { create } from './create.ts'
import { pluginOfDriver } from './drivers.ts'
import { withoutNulls } from './input.ts'
import { setup } from './setup.ts'
import { teardown } from './teardown.ts'

const STDOUT = 1

/** Whether netavark may call the executable by a name. */
export function isDriver(name: string): boolean {
  return pluginOfDriver(name) !== undefined
}

/**
 * Answers a call of netavark.
 * @param args `create`, `setup NETNS`, `teardown NETNS` or `info`
 * @returns the exit status
 */
export async function runDriver(
  [word = '', netns = '']: readonly string[],
  registry: Registry,
): Promise<number> {
  try {
    await answer(word, netns, registry)
    return 0
  } catch (error) {
    refuse(sentenceOf(error))
    return 1
  }
}

async function answer(word: string, netns: string, registry: Registry): Promise<void> {
  if (word === 'info') return say({ version, api_version: '1.0.0' })
  const raw = withoutNulls(parseObject(readInput(), 'network')) as Record<string, unknown>
  if (word === 'create') return say(await create(raw, registry))
  if (word === 'setup') return setup(raw, netns, registry, say)
  await teardown(raw, netns, registry)
}

function say(answer: object): void {
  writeAll(STDOUT, Buffer.from(`${JSON.stringify(answer)}\n`), 'stdout')
}

/** On standard error, too, when standard output takes no answer. */
function refuse(sentence: string): void {
  try {
    say({ error: sentence })
  } catch {
    stderrLog('netavark').warn(sentence)
  }
}

/** Characters: what is wrong in each of several options, and no input of any length. */
const longestSentence = 2000

/** An error for podman's user, in one line: the fault, and what to do. The stack of an unexpected one is written to standard error. */
function sentenceOf(error: unknown): string {
  const isExpected = error instanceof CniError || error instanceof KernelError
  if (!isExpected && !complaintOfLimit(error)) return unexpected(error)
  const { msg, details } = printed(toCniError(error))
  const sentence = [msg, inOneLine(details)].filter(Boolean).join(': ')
  // A value of the input may have line feeds.
  return shortened(sentence.replaceAll('\n', '\\n'), longestSentence)
}

/** An excerpt of the input has a caret below the fault, which makes sense in its own lines only. */
function inOneLine(details: string): string {
  const lines = details.split('\n')
  return lines.length > 1 ? (lines.at(-1) ?? '') : details
}

function unexpected(error: unknown): string {
  // In QuickJS the stack has no message.
  const trace = error instanceof Error ? `${error.name}: ${error.message} ${error.stack}` : String(error)
  stderrLog('netavark').warn(`unexpected: ${trace}`)
  return 'this is a bug of Patchbay: please report it, with the trace on standard error'
}
