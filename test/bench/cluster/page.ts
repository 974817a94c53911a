/** Writes the measured part of docs/scale.md and its plots, from dist/cluster.json. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withMeasured } from '../page.ts'
import { quantile } from '../statistics.ts'
import { table } from '../text.ts'
import { readFindings } from './cluster.ts'
import type { Findings, Measured } from './findings.ts'
import { plotsOf } from './plots.ts'

const docs = join(import.meta.dirname, '../../../docs')

export function writeScalePage(): void {
  const findings = readFindings()
  mkdirSync(join(docs, 'benchmarks'), { recursive: true })
  for (const [name, svg] of plotsOf(findings)) writeFileSync(join(docs, 'benchmarks', name), svg)
  const page = join(docs, 'scale.md')
  writeFileSync(page, withMeasured(readFileSync(page, 'utf8'), textOf(findings)))
  console.log(`written: ${page}`)
}

function textOf({ claims, peers, agent, adds }: Findings): string {
  return [
    ...(claims ? ['### Claims', when(claims), ...claimTable(claims.found), '', picture('scale-claims')] : []),
    ...(peers ? ['', '### Peers', when(peers), ...peerTable(peers.found), '', picture('scale-fan-out')] : []),
    ...(agent
      ? ['', '### One agent', when(agent), ...agentTable(agent.found), '', picture('scale-agent')]
      : []),
    ...(adds ? ['', '### ADDs', when(adds), ...addTable(adds.found)] : []),
  ].join('\n')
}

function picture(name: string): string {
  return `![${name}](benchmarks/${name}.svg)`
}

function when({ date, machine, load, loadAtEnd }: Measured<unknown>): string {
  return `${date}, ${machine}; load ${load} at the beginning, ${loadAtEnd} at the end.\n`
}

const whole = (value: number) => Math.round(value).toLocaleString('en')
const fine = (value: number) => (value >= 100 ? whole(value) : value.toFixed(value >= 10 ? 1 : 2))

function claimTable(found: NonNullable<Findings['claims']>['found']): string[] {
  const kinds = {
    first: 'first, all at once',
    some: 'another, 16 at once',
    single: 'another, one at a time',
    back: 'given back, 16 at once',
  }
  const rows = found.flatMap(({ version, medium, claims }) =>
    (['first', 'some', 'single', 'back'] as const).map((kind) => {
      const cost = claims[kind]
      const each = (seconds: number) => fine((seconds * 1000) / cost.count)
      const times = [cost.perSecond, cost.p50, cost.p99].map(fine)
      return [
        `${version}, ${medium}`,
        kinds[kind],
        whole(cost.count),
        ...times,
        each(cost.etcd),
        each(cost.hostsProcessor),
      ]
    }),
  )
  return table(
    [
      'etcd',
      'claims',
      'count',
      'per second',
      'p50, ms',
      'p99, ms',
      "etcd's CPU, ms each",
      "hosts' CPU, ms each",
    ],
    rows,
    2,
  )
}

function peerTable(found: NonNullable<Findings['peers']>['found']): string[] {
  const row = (title: string, of: (one: (typeof found)[number]) => string) => [title, ...found.map(of)]
  const rows = [
    row('a host joins: a host knows, p50 / p99 / last, ms', ({ fanOut: { join } }) =>
      [join.p50, join.p99, join.most].map(fine).join(' / '),
    ),
    row('a container starts: the same', ({ fanOut: { neighbour } }) =>
      [neighbour.p50, neighbour.p99, neighbour.most].map(fine).join(' / '),
    ),
    row('changes told, per second', ({ fanOut: { burst } }) => whole(burst.toldPerSecond)),
    row("etcd's CPU for a change told, µs", ({ fanOut: { hosts, burst } }) =>
      fine((burst.etcd * 1e6) / (burst.containers * hosts)),
    ),
    row('blocks / VTEPs / neighbours', ({ size }) =>
      [size.blocks, size.vteps, size.neighbours].map(whole).join(' / '),
    ),
    row('etcd: file, MB', ({ size: { after } }) => fine(after.size)),
    row(
      'etcd: memory before and with them, MB',
      ({ size: { before, after } }) => `${whole(before.resident)} / ${whole(after.resident)}`,
    ),
    row(
      'agents that start at once / keys that they read',
      ({ restart }) => `${whole(restart.agents)} / ${whole(restart.keys)}`,
    ),
    row(
      'an agent knows its peers, p50 / last, s',
      ({ restart }) => `${fine(restart.p50)} / ${fine(restart.last)}`,
    ),
    row(
      'CPU of etcd / of all hosts, s',
      ({ restart }) => `${fine(restart.etcd)} / ${fine(restart.hostsProcessor)}`,
    ),
    row(
      'etcd: watches, memory then, MB',
      ({ restart: { after } }) => `${whole(after.watchers)}, ${whole(after.resident)}`,
    ),
  ]
  return table(['', ...found.map(({ version }) => `etcd ${version}`)], rows, 1)
}

function agentTable(found: NonNullable<Findings['agent']>['found']): string[] {
  const titles = [
    'peers',
    'neighbours',
    'MB',
    'at the start, MB',
    'until all is in the kernel, s',
    'CPU for it, s',
    'CPU at rest',
    'CPU with 10 changes a second',
  ]
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const rows = found.map((one) => [
    ...[one.peers, one.neighbours, one.resident, one.peak].map(whole),
    ...[fine(one.seconds), fine(one.start), percent(one.idle), percent(one.churn)],
  ])
  return table(titles, rows, 0)
}

function addTable(found: NonNullable<Findings['adds']>['found']): string[] {
  const titles = [
    'hosts',
    'addresses',
    'blocks claimed',
    'first, s',
    'blocks at hand, s',
    'host-local, s',
    'first, per second',
    'blocks at hand to host-local',
  ]
  const rows = found.map(({ hosts, addresses, blocks, first, next, hostLocal }) => [
    ...[hosts, addresses, blocks].map(whole),
    ...[first.seconds, quantile(next, 0.5), quantile(hostLocal, 0.5)].map(fine),
    whole(first.perSecond),
    fine(quantile(next, 0.5) / quantile(hostLocal, 0.5)),
  ])
  return table(titles, rows, 0)
}
