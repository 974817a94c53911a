/** Where the Node executable begins: a startup snapshot in which every plugin is loaded already. */

import { startupSnapshot } from 'node:v8'
import { main } from '../../main.ts'
import { plugins } from '../../plugins/registry.ts'
import { commandLine, exit } from './engine.ts'

async function start(): Promise<void> {
  exit(await main(commandLine()))
}

/** Loads what a call needs, and leaves no trace of the building process: builds are identical byte for byte. */
async function prepare(): Promise<void> {
  startupSnapshot.setDeserializeMainFunction(start)
  await import('../../shared/cni/run.ts')
  for (const load of Object.values(plugins)) await load()
  for (const name of ['argv', 'argv0', 'execArgv', 'execPath', 'pid']) Reflect.deleteProperty(process, name)
}

if (startupSnapshot.isBuildingSnapshot()) prepare()
else start()
