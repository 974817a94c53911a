/** What a trial would check, as far as the configuration tells it. */

import type { List } from '../attach/list.ts'
import { factsOf } from './facts.ts'
import { type Finding, inapplicable } from './finding.ts'

/** A check that would be made. */
export interface Planned extends Omit<Finding, 'outcome'> {
  outcome: 'planned' | 'not applicable'
}

export function planned(list: List): Planned[] {
  const { single, isolated, elsewhere, masquerade, ports } = factsOf(list)
  const plugins = list.plugins.map(({ type }) => String(type)).join(', ')
  const would = (check: string, what: string, why?: string): Planned =>
    why === undefined ? { check, outcome: 'planned', reason: what } : { check, ...notNow(why) }
  return [
    would('add', `ADD of ${plugins}`),
    would('add a second', `ADD of ${plugins}`, single),
    would('ping', 'both ways, by each family of the addresses', single ?? isolated ?? elsewhere),
    would('isolation', 'neither may answer', isolated ? undefined : 'the network isolates no containers'),
    would('gateway', 'of each family of the result'),
    would('MTU', 'the largest packet, and one byte more'),
    would('name server', 'of the result'),
    would(
      'host port',
      'from host and containers',
      ports ? undefined : 'no plugin has the capability portMappings',
    ),
    would('masquerade', 'as a peer outside sees it', masquerade ? undefined : 'no plugin has ipMasq'),
    would('CHECK', `of ${plugins}`),
    would('DEL', `of ${plugins}, and nothing is left`),
  ]
}

function notNow(why: string): Omit<Planned, 'check'> {
  return { outcome: 'not applicable', reason: inapplicable(why).reason }
}
