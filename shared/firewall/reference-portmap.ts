/**
 * The Go reference's host ports by nftables, which its version 1.6 brought: a rule for each, whose comment is the container's ID.
 * Patchbay adds none, but checks and removes them (plugins/meta/portmap/portmap_nftables.go of the reference).
 */

import type { Attachment } from '../cni/plugin.ts'
import {
  type Address,
  families,
  formatAddress,
  fromBytes,
  sameAddress,
  toBytes,
  width,
} from '../ip/address.ts'
import { wayTo } from '../netlink/local.ts'
import { deleteRule, place, type Table } from '../netlink/nftables.ts'
import { chainUse, comparedWith, listRules, loadedBy, type Rule } from '../netlink/nftables-read.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { protocolBytes, serviceBytes } from '../netlink/nftables-types.ts'
import { closeSocket, openSocket, Protocol } from '../netlink/socket.ts'
import { missing } from './missing.ts'
import type { Mapping } from './portmap-rules.ts'
import { chunks, netfilter } from './table.ts'

type Owner = Pick<Attachment, 'containerID'>

/** The chains with rules of containers: those of host ports, the one that older versions have for those of one address, and the sources'. */
const ports = ['hostports', 'hostip_hostports'] as const
const sources = 'masquerading'

function table(family: 4 | 6): Table {
  return { family: family === 4 ? 'ip' : 'ip6', name: 'cni_hostport' }
}

/** A rule of a container, and where it is. */
interface Found {
  rule: Rule
  chain: string
  family: 4 | 6
  /** The container's. */
  address: Address | undefined
}

/** Whether the reference has rules for a container. Costs a look-up for each family where it has none at all. */
export function has(owner: Owner): boolean {
  return rulesOf(isOf(owner)).length > 0
}

const isOf =
  ({ containerID }: Owner) =>
  ({ rule }: Found) =>
    rule.comment === containerID

function rulesOf(fits: (found: Found) => boolean): Found[] {
  const inUse = families.filter((family) => chainUse(netfilter(), table(family), ports[0]) !== undefined)
  return inUse
    .flatMap((family) => [...ports, sources].flatMap((chain) => rulesIn(family, chain)))
    .filter(fits)
}

function rulesIn(family: 4 | 6, chain: string): Found[] {
  return listRules(netfilter(), table(family), chain).map((rule) => {
    const values = chain === sources ? comparedWith(rule) : loadedBy(rule)
    const bytes = values.filter(({ length }) => length === width(family) / 8).at(-1)
    return { rule, chain, family, address: bytes && fromBytes(bytes) }
  })
}

/**
 * @param address of the container, in one family
 * @param mappings of that family or of none
 * @param snat whether there must be rules for the source, too
 * @throws CniError that names the missing rule
 */
export function check(owner: Owner, address: Address, mappings: Mapping[], snat: boolean): void {
  const own = rulesOf(isOf(owner)).filter((found) => found.address && sameAddress(found.address, address))
  const { family } = address
  for (const mapping of mappings) {
    if (mapping.hostIP && mapping.hostIP.family !== family) continue
    if (!own.some(({ rule, chain }) => chain !== sources && translates(rule, mapping)))
      throw noRule(family, ports[0], `for ${mapping.protocol} port ${mapping.hostPort}`)
  }
  if (snat && !own.some(({ chain }) => chain === sources))
    throw noRule(family, sources, `for ${formatAddress(address)}`)
  for (const hook of ['prerouting', 'output'])
    if (!listRules(netfilter(), table(family), hook).some(({ leadsTo }) => leadsTo?.startsWith('hostports')))
      throw noRule(family, hook, `that leads to ${ports[0]}`)
}

/** The ID of the container whose rule has a host port in a family; undefined when none has. Costs a look-up where the reference has nothing. */
export function portHolder(family: 4 | 6, mapping: Mapping): string | undefined {
  if (chainUse(netfilter(), table(family), ports[0]) === undefined) return undefined
  const rules = ports.flatMap((chain) => listRules(netfilter(), table(family), chain))
  return rules.find((rule) => overlaps(rule, mapping))?.comment
}

/** A rule for a port compares protocol and port, and for a port at one address that, too. */
function overlaps(rule: Rule, { protocol, hostPort, hostIP }: Mapping): boolean {
  const compared = comparedWith(rule)
  const has = (value: Buffer) => compared.some((one) => one.equals(value))
  const only = compared.find(({ length }) => length >= 4)
  const isSamePort = has(protocolBytes(protocol)) && has(serviceBytes(hostPort))
  return isSamePort && (!only || !hostIP || only.equals(toBytes(hostIP)))
}

function translates(rule: Rule, { protocol, hostPort, containerPort, hostIP }: Mapping): boolean {
  const compared = comparedWith(rule)
  const hasAddress = compared.some(({ length }) => length >= 4)
  const only = hostIP && hostIP.value !== 0n ? toBytes(hostIP) : undefined
  const wanted = [protocolBytes(protocol), serviceBytes(hostPort), ...(only ? [only] : [])]
  return (
    hasAddress === (only !== undefined) &&
    wanted.every((value) => compared.some((one) => one.equals(value))) &&
    loadedBy(rule).some((one) => one.equals(serviceBytes(containerPort)))
  )
}

function noRule(family: 4 | 6, chain: string, which: string) {
  const where = `${place(table(family))} ${chain}`
  return missing(`the reference's chain ${where} has no rule ${which}`, `nft list chain ${where}`)
}

/**
 * Removes a container's rules. Their comment does not tell the network: the rules of its other networks are kept by their addresses.
 * @param addresses of the container in this network; none are known: all rules of the container go, as with the reference
 */
export function remove(owner: Owner, addresses: Address[] = []): void {
  const isOwn = ({ address }: Found) =>
    addresses.length === 0 || addresses.some((one) => address && sameAddress(one, address))
  removeRules(() => rulesOf(isOf(owner)).filter(isOwn))
}

/**
 * GC: removes the rules of containers that are not valid and whose address has no route to a link of this host. The others may be
 * of another network, as the comment does not tell it.
 * @returns how many
 */
export function collect(valid: Owner[]): number {
  const kept = new Set(valid.map(({ containerID }) => containerID))
  const isCandidate = ({ rule }: Found) => rule.comment !== undefined && !kept.has(rule.comment)
  const candidates = rulesOf(isCandidate)
  if (candidates.length === 0) return 0
  const gone = goneAmong(candidates.flatMap(({ address }) => address ?? []))
  const stale = () =>
    rulesOf(isCandidate).filter(({ address }) => address && gone.has(formatAddress(address)))
  return chunks(stale()).reduce((sum, { length }) => sum + removeRules(() => stale().slice(0, length)), 0)
}

/** The addresses, as text, that the host does not reach by a link. */
function goneAmong(addresses: Address[]): Set<string> {
  const routes = openSocket(Protocol.ROUTE)
  try {
    const distinct = new Map(addresses.map((address) => [formatAddress(address), address]))
    return new Set(
      [...distinct].flatMap(([text, address]) => (wayTo(routes, address) === 'link' ? [] : [text])),
    )
  } finally {
    closeSocket(routes)
  }
}

/** @returns how many */
function removeRules(find: () => Found[]): number {
  let count = 0
  update(netfilter(), () => {
    const found = find()
    count = found.length
    return found.map(({ family, chain, rule }) => deleteRule(table(family), chain, rule.handle))
  })
  return count
}
