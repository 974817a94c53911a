/** Where the Node executable begins: in the startup snapshot everything is loaded already. */

import { startupSnapshot } from 'node:v8'
import { main } from '../../main.ts'
import { commandLine, exit } from './engine.ts'

async function start(): Promise<void> {
  exit(await main(commandLine()))
}

if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(start)
else start()
