/** The checks of a trial, in their order, each with the reason why it does not apply. */

import { type Family, families } from '../../shared/ip/address.ts'
import type { Adding } from '../attach/attach.ts'
import { check } from '../attach/detach.ts'
import type { List } from '../attach/list.ts'
import { isBeforeCheck } from '../host/plugin-call.ts'
import { nameServerAnswers } from './dns.ts'
import type { Facts } from './facts.ts'
import { failed, inapplicable, passed, type Verdict } from './finding.ts'
import { isMasqueraded, type Outside } from './outside.ts'
import { portLeads } from './ports.ts'
import { gatewayAnswers, isolated, mtuHolds, reachEachOther } from './reach.ts'
import { addressOf, gatewayOf, type Subject } from './subject.ts'

/** What is there to be checked. */
export interface Scene {
  list: List
  facts: Facts
  one: Subject
  other?: Subject
  /** The host port that leads to the first container. */
  port?: number
  outside?: Outside
  /** The longest time for an answer, milliseconds. */
  milliseconds: number
  adding: Adding
}

export type Check = readonly [name: string, run: (scene: Scene) => Verdict]

/** A check for each family. */
function each(name: string, run: (scene: Scene, family: Family) => Verdict): Check[] {
  return families.map((family) => [`${name} IPv${family}`, (scene) => run(scene, family)])
}

export const checks: readonly Check[] = [
  ...each('address', addressOfFamily),
  ...each('ping', ping),
  ['isolation', isolation],
  ...each('gateway', ({ one, milliseconds }, family) => gatewayAnswers(one, family, milliseconds)),
  ...each('MTU', mtu),
  ['name server', ({ one, milliseconds }) => nameServerAnswers(one, milliseconds)],
  ...each('host port', port),
  ...each('host port from the other', portFromOther),
  ...each('host port from itself', portFromItself),
  ...each('masquerade', masquerade),
  ['CHECK', checkPasses],
]

function addressOfFamily({ one }: Scene, family: Family): Verdict {
  const texts = (one.result?.ips ?? []).map(({ address }) => address)
  const own = texts.filter((text) => text.includes(':') === (family === 6))
  return own.length > 0 ? passed(own.join(', ')) : inapplicable('the result has none')
}

/** Why the two containers are not meant to reach each other. */
function apart({ facts, other }: Scene): string | undefined {
  if (!other) return facts.single ?? 'there is no second container'
  return facts.isolated ? `the two are isolated: ${facts.isolated}` : facts.elsewhere
}

function ping(scene: Scene, family: Family): Verdict {
  const { one, other, milliseconds } = scene
  const why = apart(scene)
  return why || !other ? inapplicable(why ?? '') : reachEachOther(one, other, family, milliseconds)
}

function isolation({ one, other, facts }: Scene): Verdict {
  if (!facts.isolated) return inapplicable('the network isolates no containers')
  return other ? isolated(one, other, facts.isolated) : inapplicable('there is no second container')
}

/** To the other container, or else to the gateway. */
function mtu(scene: Scene, family: Family): Verdict {
  const { one, milliseconds } = scene
  const other = apart(scene) ? undefined : scene.other
  const to = other ? addressOf(other, family) : gatewayOf(one, family)
  if (!to || !addressOf(one, family)) return inapplicable(`there is nothing to send to by IPv${family}`)
  return mtuHolds(one, to, milliseconds, other)
}

/** @param from the container that connects; without one it is the host */
function port({ one, port: number, milliseconds }: Scene, family: Family, from?: Subject): Verdict {
  if (number === undefined) return inapplicable('no plugin has the capability portMappings')
  return portLeads({ subject: one, port: number, family, milliseconds, from: from?.namespace })
}

function portFromOther(scene: Scene, family: Family): Verdict {
  const { other, facts } = scene
  const why = other ? (facts.isolated ?? facts.unanswered) : 'there is no second container'
  return why && scene.port !== undefined ? inapplicable(why) : port(scene, family, other)
}

function portFromItself(scene: Scene, family: Family): Verdict {
  const { one, facts } = scene
  if (facts.unanswered && scene.port !== undefined) return inapplicable(facts.unanswered)
  const verdict = port(scene, family, one)
  const isFailed = verdict.outcome === 'failed' && facts.hairpin
  return isFailed ? failed(`${verdict.reason}; ${facts.hairpin}`) : verdict
}

function masquerade({ one, facts, outside, milliseconds }: Scene, family: Family): Verdict {
  if (!facts.masquerade || !outside) return inapplicable('no plugin has ipMasq')
  return isMasqueraded(one, outside, family, milliseconds)
}

function checkPasses({ list, one, other, adding }: Scene): Verdict {
  if (isBeforeCheck(list.cniVersion)) return inapplicable(`cniVersion ${list.cniVersion} has no CHECK`)
  if (list.disableCheck) return inapplicable('the list says disableCheck')
  const findings = [one, other].flatMap((subject) => (subject ? check(subject.wanted, adding) : []))
  const failing = findings.find(({ passes }) => !passes)
  return failing ? failed(failing.problem ?? failing.plugin) : passed('each plugin finds all as it was made')
}
