/**
 * The rules of iptables for a container, in the layout of the Go reference (plugins/meta/firewall/iptables.go and ingress_policy.go), so
 * that either suite deletes the other's. From the lines of `iptables-save -t filter`, and into those of `iptables-restore --noflush`.
 */

import { formatAddress, parseAddress, width } from '../ip/address.ts'
import { defaultAdminChain, type Filter } from './filter-record.ts'
import { forward, stages } from './filter-traces.ts'

const [stageOne, stageTwo] = stages
/** `hostIngress` is ours: the reference has no rules in INPUT. */
export const input = 'PATCHBAY-INPUT'

const comment = (text: string) => `-m comment --comment ${JSON.stringify(text)}`
const rules = 'CNI firewall plugin rules'
/** The words of a comment that tell the policy. */
export const inWords = (policy: string) => `(ingressPolicy: ${policy})`
const ofPolicy = (policy: string) => comment(`${rules} ${inWords(policy)}`)
const policies = ['isolated', 'same-bridge'] as const
const eitherPolicy = ofPolicy('same-bridge|isolated')

/** What an attachment's rules of a family follow from. */
export interface Wanted extends Pick<Filter, 'adminChain' | 'hostIngress'> {
  /** Of the family. */
  addresses: readonly string[]
  policy: Filter['policy']
  /** The bridge, where there is a policy. */
  through?: string
}

/** The jumps that containers share, each first in its chain when it is made. Those for addresses are only where there are any. */
function jumps({ addresses, adminChain, hostIngress, policy }: Wanted): string[] {
  const forAddresses = [`-A FORWARD ${comment(rules)} -j ${forward}`, overrideJump(adminChain)]
  const ofInput = hostIngress ? [`-A INPUT ${comment('patchbay: hostIngress')} -j ${input}`] : []
  return [
    ...(addresses.length > 0 ? forAddresses : []),
    ...(policy === 'open' ? [] : [`-A FORWARD ${eitherPolicy} -j ${stageOne}`]),
    ...(addresses.length > 0 ? ofInput : []),
  ]
}

function overrideJump(adminChain: string): string {
  return `-A ${forward} ${comment('CNI firewall plugin admin overrides')} -j ${adminChain}`
}

/** The rules that let a container's packets through. */
export function acceptRules({ addresses, hostIngress }: Wanted): string[] {
  return addresses.flatMap((address) => [
    `-A ${forward} -d ${host(address)} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A ${forward} -s ${host(address)} -j ACCEPT`,
    ...(hostIngress ? [`-A ${input} -s ${host(address)} -j ACCEPT`] : []),
  ])
}

/** An address as `iptables-save` prints it. */
function host(text: string): string {
  const address = parseAddress(text)
  return address ? `${formatAddress(address)}/${width(address.family)}` : text
}

/** The rules for a bridge, which are inserted, and the ends of their chains. */
function isolationRules({ policy, through }: Wanted): { inserted: string[]; ends: string[] } {
  if (policy === 'open' || through === undefined) return { inserted: [], ends: [] }
  const name = /[\s"\\]/.test(through) ? JSON.stringify(through) : through
  const isolated = ofPolicy('isolated')
  const within = `-A ${stageOne} -i ${name} -o ${name} ${isolated} -j DROP`
  return {
    inserted: [
      `-A ${stageOne} -i ${name} ! -o ${name} ${ofPolicy(policy)} -j ${stageTwo}`,
      ...(policy === 'isolated' ? [within] : []),
      `-A ${stageTwo} -o ${name} ${eitherPolicy} -j DROP`,
    ],
    ends: [stageOne, stageTwo].map((chain) => `-A ${chain} ${eitherPolicy} -j RETURN`),
  }
}

/** A line without what differs between versions of the reference: before 1.7 all comments said `same-bridge`. */
function alike(line: string): string {
  return line.replace('same-bridge|isolated', 'same-bridge')
}

/** The lines that add what is missing of an attachment's rules. @param saved the table's lines */
export function additionOf(saved: readonly string[], wanted: Wanted): string[] {
  const { inserted, ends } = isolationRules(wanted)
  const known = new Set(saved.map(alike))
  const isMissing = (line: string) => !known.has(alike(line))
  return [
    ...formerRules(wanted)
      .filter((line) => saved.includes(line))
      .map(deletion),
    ...chainsOf(wanted)
      .filter((chain) => !hasChain(saved, chain))
      .map((chain) => `-N ${chain}`),
    ...ends.filter(isMissing),
    ...inserted.filter(isMissing).map(insertion),
    ...acceptRules(wanted).filter(isMissing),
    ...jumps(wanted).filter(isMissing).map(insertion),
  ]
}

/** What a former container at the addresses was allowed, and this one is not. */
function formerRules({ addresses, hostIngress }: Wanted): string[] {
  return hostIngress ? [] : addresses.map((address) => `-A ${input} -s ${host(address)} -j ACCEPT`)
}

function chainsOf({ addresses, adminChain, hostIngress, policy }: Wanted): string[] {
  return [
    ...(addresses.length > 0 ? [forward, adminChain] : []),
    ...(policy === 'open' ? [] : stages),
    ...(addresses.length > 0 && hostIngress ? [input] : []),
  ]
}

function hasChain(saved: readonly string[], chain: string): boolean {
  return saved.some((line) => line.startsWith(`:${chain} `))
}

/** `-A CHAIN …` as `-I CHAIN 1 …`. */
function insertion(line: string): string {
  return line.replace(/^-A (\S+)/, '-I $1 1')
}

/** What an attachment was the last of ours with: any policy on its bridge, or its own policy there. */
export type Last = 'bridge' | 'policy' | undefined

/**
 * The lines that remove an attachment's rules, and with the last rule the chains. An admin chain other than the default one stays, and
 * so does any chain with rules of others.
 */
export function removalOf(saved: readonly string[], wanted: Wanted, last: Last): string[] {
  const everywhere = { ...wanted, hostIngress: true }
  const { ends } = isolationRules({ ...wanted, policy: last === 'bridge' ? 'isolated' : 'open' })
  const own = new Set([...acceptRules(everywhere), ...bridgeRules(wanted, last)].map(alike))
  const gone = saved.filter((line) => own.has(alike(line)))
  const left = saved.filter((line) => !gone.includes(line))
  return [...gone.map(deletion), ...frameRemoval(left, { ...everywhere, policy: 'isolated' }, ends)]
}

/** The rules for a bridge that nothing needs any more. The comment tells the policy, but for the last rule, which both policies have. */
function bridgeRules(wanted: Wanted, last: Last): string[] {
  if (last === undefined) return []
  if (last === 'policy') return isolationRules(wanted).inserted.slice(0, -1)
  return policies.flatMap((policy) => isolationRules({ ...wanted, policy }).inserted)
}

function deletion(line: string): string {
  return line.replace(/^-A /, '-D ')
}

/** Removes the chains without rules of containers, with the jumps to them. */
function frameRemoval(left: readonly string[], wanted: Wanted, ends: readonly string[]): string[] {
  const stages = without(left, [stageOne, stageTwo], ends) ? [stageOne, stageTwo] : []
  const hosts = without(left, [input], []) ? [input] : []
  const admin = defaultAdminChain
  const isDefault = wanted.adminChain === admin && without(left, [admin], [])
  const forwards = isDefault && without(left, [forward], [overrideJump(admin)]) ? [forward, admin] : []
  const chains = [...stages, ...hosts, ...forwards].filter((chain) => hasChain(left, chain))
  const toThem = left.filter((line) => chains.some((chain) => line.endsWith(` -j ${chain}`)))
  return [
    ...toThem.map(deletion),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
  ]
}

/** Whether chains have no rules but these. */
function without(saved: readonly string[], chains: readonly string[], known: readonly string[]): boolean {
  const rulesIn = saved.filter((line) => chains.some((chain) => line.startsWith(`-A ${chain} `)))
  return rulesIn.every((line) => known.some((one) => alike(one) === alike(line)))
}

/** The first rule of an attachment that a table lacks. */
export function firstMissing(saved: readonly string[], wanted: Wanted): string | undefined {
  const { inserted, ends } = isolationRules(wanted)
  const known = new Set(saved.map(alike))
  const expected = [...jumps(wanted), ...acceptRules(wanted), ...inserted, ...ends]
  return expected.find((line) => !known.has(alike(line)))
}

/** Whether a table has rules that accept what an address sends. */
export function namesAny(saved: readonly string[], addresses: readonly string[]): boolean {
  return addresses.some((address) => saved.includes(`-A ${forward} -s ${host(address)} -j ACCEPT`))
}
