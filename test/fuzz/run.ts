/**
 * Fuzzes the built executables: `npm run fuzz -- [--minutes N] [--seed S] [--plugin NAME]`. Findings become files of the corpus.
 * `--lies`: the kernel's answers are changed. `--netavark`: only calls of netavark. `--replay FILE` plays one of them again.
 */

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { privateHost } from '../harness/host.ts'
import { keep } from './corpus.ts'
import type { Finding, Found } from './play/case.ts'
import { placeOf, usualPlace } from './play/outcome.ts'
import { newWorld } from './play/world.ts'
import { search } from './search.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    plugin: { type: 'string' },
    replay: { type: 'string' },
    lies: { type: 'boolean' },
    netavark: { type: 'boolean' },
  },
})

async function fuzz(): Promise<Finding[]> {
  console.log(`seed ${values.seed}`)
  const { played, found } = await search({
    seed: Number(values.seed),
    until: Date.now() + Number(values.minutes) * 60_000,
    plugin: values.plugin,
    netavark: values.netavark,
    place: { ...usualPlace(), inProcess: values.lies },
    report: (finding) => console.log(`${lineOf(finding)}\n  ${keep(finding)}`),
  })
  console.log(`${played} cases, findings: ${found.length}`)
  return found
}

async function replay(file: string): Promise<Finding[]> {
  const { input }: Found = JSON.parse(readFileSync(file, 'utf8'))
  const world = newWorld(placeOf(input))
  const findings = await world.play(input)
  world.end()
  console.log(findings.map(lineOf).join('\n') || 'nothing found')
  return findings
}

function lineOf({ kind, text }: Finding): string {
  return `${kind}: ${text}`
}

await privateHost()
const findings = await (values.replay === undefined ? fuzz() : replay(values.replay))
process.exitCode = findings.length > 0 ? 1 : 0
