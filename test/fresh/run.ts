/**
 * Tries README's commands on a new Debian: `npm run test:fresh [-- --suite bookworm|trixie] [--keep]
 * [demo|test|nodes …]`. Without names: all, on both suites.
 */

import { parseArgs } from 'node:util'
import { oneOf } from '../../scripts/build/target.ts'
import { reportMissing } from '../../scripts/setup.ts'
import { isGood, lastLine, oneFailed, onePassed, sum, type Tally } from '../runner/tally.ts'
import { copyOf, fillRoot, inRoot, newRoot, removeRoot } from './root.ts'

const suites = ['bookworm', 'trixie'] as const

/** Versions of Node besides Debian's, each with the newest npm that runs on it. */
const nodes = { 18: 10, 20: 11, 22: 12, 24: 12, 26: 12 }

/** npm begins warnings, notices and errors with its name; an installation has none. */
const installAndCheck =
  "{ npm install 2>&1 || echo npm failed; } | tee /tmp/said && ! grep -q '^npm ' /tmp/said && npm run check"

/** What is tried: shell lines in the clone. */
const trials: Record<string, Record<string, string>> = {
  demo: { demo: 'npm run demo' },
  test: { test: 'npm test' },
  nodes: {
    'Debian’s Node': installAndCheck,
    ...Object.fromEntries(
      Object.entries(nodes).map(([node, npm]) => [`Node ${node} with npm ${npm}`, checkWith(node, npm)]),
    ),
  },
}

/** The user's own Node and npm are used only for the set-up. Newer Nodes need libatomic1. */
function checkWith(node: string, npm: number): string {
  const place = `/opt/node-${node}`
  const packages = `node-linux-${process.arch}@${node} npm@${npm}`
  const path = `${place}/lib/node_modules/node-linux-${process.arch}/bin:${place}/bin`
  // --force: the installing npm runs on an older Node than the installed one needs.
  const install = `npm install --force --loglevel=error --global --prefix ${place} ${packages}`
  return `apt-get -qq install libatomic1 >/dev/null && ${install} && PATH=${path}:$PATH && echo "Node $(node --version), npm $(npm --version)" && ${installAndCheck}`
}

/** Each trial has its own root, so that no trial uses what another installed. */
async function tryOne(line: string, fresh: string, keep: boolean): Promise<Tally> {
  const root = await copyOf(fresh)
  try {
    return await inRoot(root, line).then(
      () => onePassed,
      () => oneFailed,
    )
  } finally {
    if (keep) console.log(`kept: ${root}`)
    else removeRoot(root)
  }
}

async function tryIn(suite: string, names: readonly string[], keep: boolean): Promise<Tally[]> {
  console.log(`making a fresh ${suite} …`)
  const fresh = newRoot(suite)
  const tallies: Tally[] = []
  try {
    await fillRoot(fresh, suite)
    for (const [name, line] of names.flatMap((name) => Object.entries(trials[name] ?? {}))) {
      const start = performance.now()
      const tally = await tryOne(line, fresh, keep)
      const seconds = ((performance.now() - start) / 1000).toFixed(0)
      console.log(`${tally.failed ? 'FAILED' : 'ok'}  ${name} on a fresh ${suite}, ${seconds} s`)
      tallies.push(tally)
    }
  } finally {
    removeRoot(fresh)
  }
  return tallies
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suite: { type: 'string' }, keep: { type: 'boolean', default: false } },
})

await reportMissing(async () => {
  const chosen = values.suite ? [oneOf(suites, values.suite, '--suite')] : suites
  const all = Object.keys(trials)
  const names = positionals.length > 0 ? positionals.map((name) => oneOf(all, name, 'trial')) : all
  const tallies: Tally[] = []
  for (const suite of chosen) tallies.push(...(await tryIn(suite, names, values.keep)))
  console.log(lastLine(sum(tallies)))
  process.exitCode = isGood(sum(tallies)) ? 0 : 1
})
