/** Starts a Node executable: at once, or, while a startup snapshot is being built, when the snapshot is started. */

import { startupSnapshot } from 'node:v8'
import { commandLine, exit } from './engine.ts'

type Main = (argv: string[]) => Promise<number>

/**
 * Runs a program and exits with its status.
 * @param prepare loads what the program needs; called only while a snapshot is built
 */
export async function start(main: Main, prepare: () => Promise<void>): Promise<void> {
  const begin = async () => exit(await main(commandLine()))
  if (!startupSnapshot.isBuildingSnapshot()) return begin()
  startupSnapshot.setDeserializeMainFunction(begin)
  await prepare()
  forgetBuilder()
}

/** Removes the building process's values from the snapshot, so that builds are identical byte for byte. */
function forgetBuilder(): void {
  for (const name of ['argv', 'argv0', 'execArgv', 'execPath', 'pid']) Reflect.deleteProperty(process, name)
}
