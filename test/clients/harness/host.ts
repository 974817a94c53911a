/** The private host of a test with real clients. */

import { privateHost } from '../../harness/host.ts'
import { refuse } from '../../harness/refuse.ts'
import { groupVariable, removeGroup } from './groups.ts'
import { fetchRoot, type Root } from './root.ts'

/** As `privateHost`, with a root fetched before, and a control group for containers that is removed at the end. */
export async function clientHost(...roots: Root[]): Promise<void> {
  if (!process.env[groupVariable]) {
    for (const root of roots) await fetchRoot(root).catch((error: Error) => refuse(error.message))
    ownGroup()
  }
  await privateHost()
}

function ownGroup(): void {
  const name = `patchbay-clients-${process.pid}`
  process.env[groupVariable] = `/${name}`
  process.on('exit', () => removeGroup(name))
}
