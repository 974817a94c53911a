/** The plots of docs/scale.md. */

import { barPlot } from '../plot/bars.ts'
import type { Findings } from './findings.ts'

/** Each by its file's name; those of parts that were measured. */
export function plotsOf({ claims, peers, agent }: Findings): Map<string, string> {
  const plots = new Map<string, string>()
  if (claims) plots.set('scale-claims.svg', claimPlot(claims.found))
  if (peers) plots.set('scale-fan-out.svg', fanOutPlot(peers.found))
  if (agent) plots.set('scale-agent.svg', agentPlot(agent.found))
  return plots
}

function claimPlot(found: NonNullable<Findings['claims']>['found']): string {
  const kinds = {
    first: 'first, all hosts at once',
    some: 'another, 16 hosts at once',
    single: 'another, one at a time',
    back: 'given back, 16 at once',
  }
  const name = ({ version, medium }: (typeof found)[number]) => `${version} ${medium}`
  const groups = (['first', 'some', 'single', 'back'] as const).map((kind) => ({
    name: kinds[kind],
    values: found.map((one) => ({ candidate: name(one), value: one.claims[kind].perSecond })),
  }))
  return barPlot('Claims of blocks per second', '/ s', groups, found.map(name))
}

function fanOutPlot(found: NonNullable<Findings['peers']>['found']): string {
  const groups = (['join', 'neighbour'] as const).flatMap((kind) =>
    (['p50', 'p99'] as const).map((quantile) => ({
      name: `${kind === 'join' ? 'a host joins' : 'a container starts'}, ${quantile}`,
      values: found.map(({ version, fanOut }) => ({ candidate: version, value: fanOut[kind][quantile] })),
    })),
  )
  const [first] = found
  return barPlot(
    `Until each of ${first?.fanOut.hosts.toLocaleString('en') ?? ''} hosts knows`,
    'ms',
    groups,
    found.map(({ version }) => version),
  )
}

function agentPlot(found: NonNullable<Findings['agent']>['found']): string {
  const groups = found.map((one) => ({
    name: `${one.neighbours.toLocaleString('en')} neighbours`,
    values: [
      { candidate: 'in the long run', value: one.resident },
      { candidate: 'at the start', value: one.peak },
    ],
  }))
  return barPlot('Memory of one agent', 'MB', groups, ['in the long run', 'at the start'])
}
