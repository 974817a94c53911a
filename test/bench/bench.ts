/**
 * Measures every plugin against the reference's: `npm run bench [-- --scenario NAME …] [--peer DIR|VERSION …] [--engine quickjs|node|both]
 * [--seconds N] [--full] [--list] [--page] [--render] [--work DIR] [--guest newest|6.1]`, or compares what noise cannot move with
 * recorded figures: `npm run bench -- --budget [--record]`; or a cluster of simulated hosts: `npm run bench -- --cluster [--part NAME …] [--hosts N]
 * [--page]`.
 */

import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { engines, oneOf } from '../../scripts/build/target.ts'
import { Missing, reportMissing } from '../../scripts/setup.ts'
import { chooseGuest } from '../guest/kernel.ts'
import { budget } from './budget.ts'
import { measureCluster, parts } from './cluster/cluster.ts'
import { bench, render } from './run.ts'
import { isNamed, isSlow, type Scenario, scenariosOf, titleOf } from './scenarios.ts'

const root = join(import.meta.dirname, '../..')

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true, default: [] },
    peer: { type: 'string', multiple: true, default: ['1.9.1', '1.1.1'] },
    engine: { type: 'string', default: 'both' },
    seconds: { type: 'string', default: '24' },
    full: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
    budget: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
    part: { type: 'string', multiple: true, default: [...parts] },
    hosts: { type: 'string', default: '1000' },
    guest: { type: 'string' },
    work: { type: 'string', default: join(root, '.cache') },
  },
})

const scenarios = scenariosOf(values.full).filter(isChosen)

/** Without names, all but those whose set-up takes minutes. */
function isChosen(scenario: Scenario): boolean {
  if (values.scenario.length > 0) return isNamed(scenario, values.scenario)
  return values.full || values.list || !isSlow(scenario)
}

async function cluster(): Promise<void> {
  if (values.page) return (await import('./cluster/page.ts')).writeScalePage()
  if (process.getuid?.() !== 0) throw new Missing('the benchmark makes namespaces: run it as root')
  await measureCluster(
    values.part.map((part) => oneOf(parts, part, '--part')),
    Number(values.hosts),
  )
}

async function main(): Promise<void> {
  if (values.cluster) return cluster()
  if (values.guest) chooseGuest(values.guest)
  if (values.render) return render()
  if (scenarios.length === 0)
    throw new Missing(`no scenario is named ${values.scenario.join(' or ')}: --list names all`)
  if (values.list) return console.log(scenarios.map(titleOf).join('\n'))
  if (process.getuid?.() !== 0) throw new Missing('the benchmark makes network namespaces: run it as root')
  if (values.budget) return budget(values.record)
  await bench({
    scenarios,
    peers: values.peer,
    engines: values.engine === 'both' ? engines : [oneOf(engines, values.engine, '--engine')],
    seconds: Number(values.seconds),
    workIn: resolve(values.work),
    page: values.page,
  })
}

await reportMissing(main)
