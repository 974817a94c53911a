/** The QuickJS engine: the interface of ../engine.ts, by C functions (modules.d.ts). */

import { sendInBackground as send } from 'qjs:background'
import * as host from 'qjs:process'
import { become as execute, spawn as start } from 'qjs:spawn'
import * as kernel from 'qjs:syscall'
import type { Engine } from '../engine.ts'

export const architecture: Engine['architecture'] = __ARCHITECTURE__

export const syscall: Engine['syscall'] = kernel.syscall

export const commandLine: Engine['commandLine'] = host.commandLine

export const environment: Engine['environment'] = host.environment

export const exit: Engine['exit'] = host.exit

export const collect: Engine['collect'] = host.collect

export const sendInBackground: Engine['sendInBackground'] = send

export const spawn: Engine['spawn'] = ({ path, arguments: args, env, streams }) =>
  start(packed([path, ...args]), variables(env), ...streams)

export const become: Engine['become'] = ({ path, arguments: args, env }) =>
  execute(packed([path, ...args]), variables(env))

function variables(env: Record<string, string>): Uint8Array {
  return packed(Object.entries(env).map(([name, value]) => `${name}=${value}`))
}

/** Texts for the kernel, one after the other, each with its terminating NUL. */
function packed(texts: readonly string[]): Uint8Array {
  if (texts.some((text) => text.includes('\0'))) throw new TypeError('a NUL in an argument or a variable')
  return Buffer.from(texts.map((text) => `${text}\0`).join(''))
}
