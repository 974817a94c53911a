/** The trial program as a QuickJS executable. */

import { commandLine, exit } from '../../../engine/quickjs/engine.ts'
import { main } from './program.ts'

export const begin = async () => exit(await main(commandLine()))

export const prepare = async () => {}
