/** Cases: one input of a call is fuzzed, the others are valid, so that the call gets far. */

import fc from 'fast-check'
import type { Case, Patch } from '../play/case.ts'
import { configurationsOf, type Keys, names } from './configuration.ts'
import { damages, results } from './damages.ts'
import { driverCases, isDriver } from './drivers.ts'
import { environments } from './environment.ts'
import { hostile } from './hostile.ts'
import { nearly, wrong } from './mutate.ts'

type Cases = fc.Arbitrary<Case>

const verbs = fc.oneof(
  { weight: 6, arbitrary: fc.constant('ADD') },
  { weight: 4, arbitrary: fc.constantFrom('DEL', 'CHECK', 'STATUS', 'GC') },
  { weight: 1, arbitrary: fc.constantFrom('VERSION', '', 'add', 'toString', '__proto__') },
)

/** The verbs that follow an ADD. */
const later = fc.constantFrom('DEL', 'CHECK', 'GC', 'STATUS', 'ADD')

const places = fc.constantFrom<Patch['at']>(
  ['interfaces'],
  ['interfaces', 0],
  ['interfaces', 0, 'name'],
  ['interfaces', 0, 'sandbox'],
  ['interfaces', 1, 'mac'],
  ['ips'],
  ['ips', 0],
  ['ips', 0, 'interface'],
  ['ips', 0, 'address'],
  ['ips', 0, 'gateway'],
  ['routes'],
  ['routes', 0],
  ['dns'],
  ['cniVersion'],
  ['x'],
)

const patches: fc.Arbitrary<Patch[]> = fc.array(
  fc.oneof(fc.record({ at: places, value: wrong }), fc.record({ at: places })),
  { maxLength: 2 },
)

/** Attachments for GC to keep; nearly valid ones, too. */
const attachments = nearly(
  fc.constant({ 'cni.dev/valid-attachments': [{ containerID: 'fuzzed', ifname: 'eth0' }] } as Keys),
)

/** Answers of a delegate. */
const answers = fc.record({
  stdout: fc.oneof(
    nearly(results).map((value) => JSON.stringify(value)),
    hostile(results),
    errors(),
  ),
  status: fc.constantFrom(0, 0, 0, 1, 1, 2, 127, 137),
})

function errors(): fc.Arbitrary<string> {
  const error = fc.constant<Keys>({ cniVersion: '1.0.0', code: 11, msg: 'try again', details: 'x' })
  return nearly(error).map((value) => JSON.stringify(value))
}

/** The kinds of cases of a plugin, with their weights. */
function kinds(plugin: string): [number, Cases][] {
  const configs = configurationsOf(plugin)
  const base = { plugin: fc.constant(plugin) }
  return [
    [3, fc.record({ ...base, verb: verbs, config: configs })],
    [6, fc.record({ ...base, verb: verbs, config: nearly(configs) })],
    ...(isDriver(plugin) ? [[6, driverCases(plugin)] satisfies [number, Cases]] : []),
    [2, fc.record({ ...base, verb: verbs, text: hostile(configs) })],
    [2, fc.record({ ...base, verb: verbs, config: configs, env: environments })],
    [
      1,
      fc
        .tuple(fc.constant('GC'), configs, attachments)
        .map(([verb, config, more]) => ({ plugin, verb, config: { ...config, ...more } })),
    ],
    [
      1,
      fc
        .tuple(verbs, configs, nearly(results))
        .map(([verb, config, prevResult]) => ({ plugin, verb, config: { ...config, prevResult } })),
    ],
    [
      3,
      fc.tuple(later, configs, patches).map(([verb, config, prevResult]) => ({
        plugin,
        verb,
        config,
        prevResult,
        first: config,
        env: second(verb),
      })),
    ],
    [
      3,
      fc.tuple(later, configs, damages).map(([verb, config, damage]) => ({
        plugin,
        verb,
        config,
        damage,
        prevResult: [],
        first: config,
        env: second(verb),
      })),
    ],
    [
      2,
      fc.tuple(verbs, configs, answers).map(([verb, config, delegate]) => ({
        plugin,
        verb,
        config: { ...config, ipam: { type: 'fuzz-ipam' } },
        delegate,
      })),
    ],
  ]
}

/** A second ADD is for another interface. */
function second(verb: string): Case['env'] {
  return verb === 'ADD' ? { CNI_IFNAME: 'net1' } : {}
}

/** Cases of all plugins, or of one. */
export function cases(plugin?: string): Cases {
  const chosen = plugin === undefined ? names : [plugin]
  return fc.oneof(
    ...chosen.map((name) => fc.oneof(...kinds(name).map(([weight, arbitrary]) => ({ weight, arbitrary })))),
  )
}
