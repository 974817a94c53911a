/** Entry point of the QuickJS executable: the build calls `prepare` and keeps the heap, the executable calls `begin` (snapshot.c, entry.c). */

import { main } from '../../main.ts'
import { commandLine, exit } from './engine.ts'

export { prepare } from './prepare.ts'

export const begin = async () => exit(await main(commandLine()))
