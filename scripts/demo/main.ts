/**
 * `npm run demo [-- --guest newest|6.1]`: builds, attaches two containers with each example, pings from one to the other,
 * prints a table, and cleans up.
 */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chooseGuest } from '../../test/guest/kernel.ts'
import { guests, type Kernel, kernels } from '../../test/runner/kernels.ts'
import { areAllDead, type Shares, takeToFirst } from '../../test/runner/plan.ts'
import { allExamples, type Configuration, type Example } from '../example.ts'
import { run } from '../run.ts'
import { ensurePackages, Missing, reportMissing } from '../setup.ts'
import { isServed } from './dhcp.ts'
import { needsOf, packagesOf } from './kinds.ts'
import { notTried, type Row, show } from './row.ts'

const root = join(import.meta.dirname, '../..')
/** Time limit for all examples of a kernel, seconds. */
const longest = 300

await reportMissing(demonstrate)

async function demonstrate(): Promise<void> {
  const { values } = parseArgs({ options: { guest: { type: 'string' } } })
  if (values.guest) chooseGuest(values.guest)
  if (process.getuid?.() !== 0) throw new Missing('the demo makes network namespaces: run it as root')
  const all = allExamples()
  await ensurePackages('the demo', await packagesOfAll(all))
  const needs = new Map(
    await Promise.all(all.map(async (example) => [example, await ofAll(example, needsOf)] as const)),
  )
  const shares = await takeToFirst(all, (example) => needs.get(example) ?? [], kernels())
  console.log('Building …')
  await run(process.execPath, ['build.ts', '--engine', 'quickjs'], { cwd: root, stderr: 'inherit' })
  const rows = await tryAll(needs, shares)
  show(rows)
  if (shares.nowhere.length > 0 && areAllDead(guests(), shares.dead)) process.exitCode = 1
  if (rows.some(({ failed }) => failed)) process.exitCode = 1
}

async function tryAll(needs: ReadonlyMap<Example, string[]>, { runs }: Shares<Example>): Promise<Row[]> {
  const rows = new Map<string, Row>()
  for (const { kernel, items } of runs)
    for (const row of await tryOn(kernel, items)) rows.set(row.example, row)
  return [...needs].map(([example, names]) => rows.get(example.title) ?? notTried(example.title, names))
}

async function packagesOfAll(examples: readonly Example[]): Promise<string[]> {
  const own = await Promise.all(examples.map((example) => ofAll(example, packagesOf)))
  const servers = examples.some(({ plugin }) => isServed(plugin)) ? ['dnsmasq-base'] : []
  return [
    ...new Set(['iproute2', 'iputils-ping', 'kmod', 'nftables', 'util-linux', ...servers, ...own.flat()]),
  ]
}

/** What the plugins of an example require together. */
async function ofAll(
  { plugin, chained }: Example,
  required: (config: Configuration) => Promise<string[]>,
): Promise<string[]> {
  return (await Promise.all([plugin, ...chained].map(required))).flat()
}

/** Runs examples in new namespaces, which end with their first process: the machine's own network is not changed. */
async function tryOn(kernel: Kernel, examples: readonly Example[]): Promise<Row[]> {
  console.log(`Trying ${examples.length} examples on ${kernel.name} …`)
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const program = [process.execPath, join(root, 'scripts/demo/try.ts'), join(root, 'dist/quickjs')]
  const files = examples.map(({ file }) => file)
  const { status, output } = await kernel.run(['unshare', ...namespaces, ...program, ...files], longest)
  if (status !== 0) throw new Missing(`the demo could not run on ${kernel.name}:\n${output}`)
  const rows: Row[] = JSON.parse(output)
  return rows.map((row) => ({ ...row, kernel: `${kernel.name}, ${row.kernel}` }))
}
