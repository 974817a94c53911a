/** The QuickJS engine: `syscall` in C, the rest through QuickJS's own modules. */

import { getenviron, exit as leave } from 'qjs:std'
import { syscall as execute } from 'qjs:sys'
import type { Engine } from '../engine.ts'

export const architecture: Engine['architecture'] = __ARCHITECTURE__

export const syscall: Engine['syscall'] = execute

export const commandLine: Engine['commandLine'] = () => [...scriptArgs]

export const environment: Engine['environment'] = () => getenviron()

export const run: Engine['run'] = async (program) => (await import('./run.ts')).run(program)

export const exit: Engine['exit'] = (status) => leave(status)
