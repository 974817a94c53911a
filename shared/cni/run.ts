/** A plugin as a process: what a runtime gives it, what it says on standard output, how it ends. */

import { environment } from '#engine'
import { readAll, writeAll } from '../kernel/files.ts'
import { syscall } from '../kernel/syscall.ts'
import { say, stderrLog } from './log.ts'
import type { Plugin, Registry } from './plugin.ts'
import type { Answer } from './respond.ts'
import { versionAnswer } from './version-answer.ts'

const STDIN = 0
const STDOUT = 1

/**
 * Runs a plugin as a runtime calls it. It is loaded only when it is needed: VERSION is answered without.
 * @param load gives the plugin
 * @param registry the other plugins, for hints about keys of theirs
 * @returns the exit status
 */
export async function runPlugin(load: () => Promise<Plugin>, registry: Registry = {}): Promise<number> {
  const env = environment()
  if (env.CNI_COMMAND === 'VERSION') return answer({ output: versionAnswer(readInput), status: 0 })
  const plugin = await load()
  if (!env.CNI_COMMAND) return explain(plugin)
  const log = stderrLog(plugin.name, env.TRACEPARENT)
  const { respond } = await import('./respond.ts')
  return answer(await respond(plugin, { env, read: readInput, registry, log }))
}

function answer({ output, status }: Answer): number {
  if (output !== '') writeAll(STDOUT, Buffer.from(output), 'stdout')
  return status
}

async function explain(plugin: Plugin): Promise<number> {
  const { usage } = await import('./usage.ts')
  say(usage(plugin))
  return 0
}

/** Standard input to its end; a person's terminal counts as empty instead of being waited for. */
function readInput(): string {
  return isTerminal(STDIN) ? '' : readAll(STDIN, 'stdin').toString()
}

/** isatty(3): whether a terminal's settings can be read (TCGETS, include/uapi/asm-generic/ioctls.h). */
function isTerminal(fd: number): boolean {
  return syscall('ioctl', fd, 0x5401, Buffer.alloc(64)) === 0
}
