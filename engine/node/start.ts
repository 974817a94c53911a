/** The beginning of a Node executable: now, or when the startup snapshot that is being built is started. */

import { startupSnapshot } from 'node:v8'
import { commandLine, exit } from './engine.ts'

type Main = (argv: string[]) => Promise<number>

/**
 * Runs a program and exits with its status.
 * @param prepare loads what the program needs; called only while a snapshot is built, where time does not count
 */
export async function start(main: Main, prepare: () => Promise<void>): Promise<void> {
  const begin = async () => exit(await main(commandLine()))
  if (!startupSnapshot.isBuildingSnapshot()) return begin()
  startupSnapshot.setDeserializeMainFunction(begin)
  await prepare()
  forgetBuilder()
}

/** Leaves no trace of the building process in the snapshot: builds are identical byte for byte. */
function forgetBuilder(): void {
  for (const name of ['argv', 'argv0', 'execArgv', 'execPath', 'pid']) Reflect.deleteProperty(process, name)
}
