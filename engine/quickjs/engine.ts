/** The QuickJS engine: `syscall`, `spawn` and `sendApart` in C, the rest through QuickJS's own modules. */

import { sendApart as send } from 'qjs:apart'
import { spawn as start } from 'qjs:spawn'
import { getenviron, exit as leave } from 'qjs:std'
import { syscall as execute } from 'qjs:sys'
import type { Engine } from '../engine.ts'

export const architecture: Engine['architecture'] = __ARCHITECTURE__

export const syscall: Engine['syscall'] = execute

export const commandLine: Engine['commandLine'] = () => [...scriptArgs]

export const environment: Engine['environment'] = () => getenviron()

export const spawn: Engine['spawn'] = ({ path, arguments: args, env, streams }) => {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return start(packed([path, ...args]), packed(variables), ...streams)
}

/** Texts for the kernel, one after the other, each with its terminating NUL. */
function packed(texts: readonly string[]): Uint8Array {
  if (texts.some((text) => text.includes('\0'))) throw new TypeError('a NUL in an argument or a variable')
  return Buffer.from(texts.map((text) => `${text}\0`).join(''))
}

export const sendApart: Engine['sendApart'] = send

export const exit: Engine['exit'] = (status) => leave(status)
