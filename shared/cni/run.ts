/** A plugin as a process: what a runtime gives it, what it says on standard output, how it ends. */

import { environment } from '#engine'
import { readAll, writeAll } from '../kernel/files.ts'
import { syscall } from '../kernel/syscall.ts'
import { say, stderrLog } from './log.ts'
import type { Plugin, Registry } from './plugin.ts'
import { respond } from './respond.ts'
import { usage } from './usage.ts'

const STDIN = 0
const STDOUT = 1

/**
 * Runs a plugin as a runtime calls it.
 * @param registry the other plugins, for hints about keys of theirs
 * @returns the exit status
 */
export async function runPlugin(plugin: Plugin, registry: Registry = {}): Promise<number> {
  const env = environment()
  if (!env.CNI_COMMAND) {
    say(usage(plugin))
    return 0
  }
  const log = stderrLog(plugin.name, env.TRACEPARENT)
  const { output, status } = await respond(plugin, { env, read: readInput, registry, log })
  if (output !== '') writeAll(STDOUT, Buffer.from(output), 'stdout')
  return status
}

/** Standard input to its end; a person's terminal counts as empty instead of being waited for. */
function readInput(): string {
  return isTerminal(STDIN) ? '' : readAll(STDIN, 'stdin').toString()
}

/** isatty(3): whether a terminal's settings can be read (TCGETS, include/uapi/asm-generic/ioctls.h). */
function isTerminal(fd: number): boolean {
  return syscall('ioctl', fd, 0x5401, Buffer.alloc(64)) === 0
}
