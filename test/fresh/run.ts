/**
 * Tries README's commands where nothing has been installed by hand: `npm run test:fresh [-- --suite bookworm|trixie] [--keep]
 * [demo|test|nodes …]`. Without words: all, on both.
 */

import { parseArgs } from 'node:util'
import { oneOf } from '../../scripts/build/target.ts'
import { reportMissing } from '../../scripts/setup.ts'
import { isGood, lastLine, oneFailed, onePassed, sum, type Tally } from '../runner/tally.ts'
import { inRoot, makeRoot, removeRoot } from './root.ts'

const suites = ['bookworm', 'trixie'] as const

/** Versions of Node besides Debian's, and of npm: the newest that runs there. */
const nodes = { 18: 10, 20: 11, 22: 12, 24: 12, 26: 12 }

/** What is tried, in this order: shell lines in the clone. */
const trials = {
  demo: { demo: 'npm run demo' },
  test: { test: 'npm test' },
  nodes: Object.fromEntries(
    Object.entries(nodes).map(([node, npm]) => [
      `check with Node ${node} and npm ${npm}`,
      withNode(node, npm),
    ]),
  ),
} as const

/** All that depends on the user's own Node and npm is the set-up. */
function withNode(node: string, npm: number): string {
  const place = `/opt/node-${node}`
  const packages = `node-linux-${process.arch}@${node} npm@${npm}`
  const path = `${place}/lib/node_modules/node-linux-${process.arch}/bin:${place}/bin`
  return `npm install --global --prefix ${place} ${packages} && PATH=${path}:$PATH && rm -rf node_modules && npm --version && node --version && npm run check`
}

type Trial = keyof typeof trials

async function tryIn(suite: string, names: readonly Trial[], keep: boolean): Promise<Tally[]> {
  console.log(`making a fresh ${suite} …`)
  const root = await makeRoot(suite)
  const tallies: Tally[] = []
  try {
    for (const [name, line] of names.flatMap((name) => Object.entries(trials[name])))
      tallies.push(await tryOne(`${name} on a fresh ${suite}`, root, line))
  } finally {
    if (keep) console.log(`kept: ${root}`)
    else removeRoot(root)
  }
  return tallies
}

async function tryOne(name: string, root: string, line: string): Promise<Tally> {
  const start = performance.now()
  const tally = await inRoot(root, line).then(
    () => onePassed,
    () => oneFailed,
  )
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`${tally.failed ? 'FAILED' : 'ok'}  ${name}, ${seconds} s`)
  return tally
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suite: { type: 'string' }, keep: { type: 'boolean', default: false } },
})

await reportMissing(async () => {
  const chosen = values.suite ? [oneOf(suites, values.suite, '--suite')] : suites
  const all = Object.keys(trials) as Trial[]
  const names = positionals.length > 0 ? positionals.map((name) => oneOf(all, name, 'trial')) : all
  const tallies: Tally[] = []
  for (const suite of chosen) tallies.push(...(await tryIn(suite, names, values.keep)))
  console.log(lastLine(sum(tallies)))
  process.exitCode = isGood(sum(tallies)) ? 0 : 1
})
