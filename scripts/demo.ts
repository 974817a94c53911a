/** `npm run demo`: builds, wires two containers with each example, pings across, shows a table, cleans up. */

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeHost } from './demo/host.ts'
import { type Row, show, tryOut } from './demo/network.ts'
import { run } from './run.ts'
import { ensurePackages, Missing, reportMissing } from './setup.ts'

const root = join(import.meta.dirname, '..')
/** Set in the second life of this program, on a private host. */
const mark = 'PATCHBAY_DEMO'

await reportMissing(process.env[mark] ? demonstrate : prepare)

/** Installs, builds, and starts again where nothing of the machine's network can be touched. */
async function prepare(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Missing('the demo makes network namespaces: run it as root')
  await ensurePackages('the demo', ['iproute2', 'iputils-ping', 'util-linux'])
  console.log('Building …')
  await run(process.execPath, ['build.ts', '--engine', 'quickjs'], { cwd: root, stderr: 'inherit' })
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const env = { ...process.env, [mark]: '1' }
  const { status, error } = spawnSync('unshare', [...namespaces, ...self], { stdio: 'inherit', env })
  if (error || status === null) throw new Missing('no private network namespace can be made on this machine')
  process.exitCode = status
}

async function demonstrate(): Promise<void> {
  await makeHost()
  const examples = readdirSync(join(root, 'conf-examples')).filter((file) => file.endsWith('.conflist'))
  const rows: Row[] = []
  for (const file of examples.sort()) {
    rows.push(await tryOut(join(root, 'conf-examples', file), join(root, 'dist/quickjs')))
  }
  show(rows)
  if (rows.some(({ failed }) => failed)) process.exitCode = 1
}
