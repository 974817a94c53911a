/** The host ports that the runtime asks for, one by one: what they are in a family, each once, and what contradicts itself among them. */

import type { Complaint } from '../../shared/error/error.ts'
import { hostPortOf, type Mapping } from '../../shared/firewall/portmap-rules.ts'
import { type Family, families, parseAddress, sameAddress } from '../../shared/ip/address.ts'

const highestPort = 65535

/** An entry of `runtimeConfig.portMappings`. */
interface Asked {
  hostPort: number
  containerPort: number
  protocol?: string | undefined
  hostIP?: string | undefined
  range?: number | undefined
}

interface Keys {
  runtimeConfig?: { portMappings?: Asked[] | undefined } | undefined
}

/** The ports of one family. One at all addresses includes the same port at single addresses. */
export function portsOf({ runtimeConfig }: Keys, family: Family): Mapping[] {
  return groupsOf(runtimeConfig?.portMappings ?? [], family).flatMap((group) => {
    const atAll = group.find(({ hostIP }) => !hostIP)
    return atAll ?? group.filter((one) => group.find((other) => overlap(one, other)) === one)
  })
}

/** Ranges must end at 65535 at the latest, and a host port leads to one port. */
export function portsThatFit({ runtimeConfig }: Keys): Complaint | undefined {
  const asked = runtimeConfig?.portMappings ?? []
  return beyondTheLast(asked) ?? ledToTwo(asked)
}

function beyondTheLast(asked: Asked[]): Complaint | undefined {
  for (const [index, { range = 1, ...ports }] of asked.entries())
    for (const key of ['hostPort', 'containerPort'] as const)
      if (ports[key] + range - 1 > highestPort)
        return {
          msg: `runtimeConfig.portMappings[${index}] goes beyond port ${highestPort}: ${key} is ${ports[key]} and range is ${range}`,
          hint: `let range be ${highestPort - ports[key] + 1} at most`,
        }
  return undefined
}

function ledToTwo(asked: Asked[]): Complaint | undefined {
  for (const group of families.flatMap((family) => groupsOf(asked, family)))
    for (const one of group) {
      const other = group.find((each) => overlap(each, one) && each.containerPort !== one.containerPort)
      if (other)
        return {
          msg: `runtimeConfig.portMappings leads host port ${hostPortOf(other)} to container ports ${one.containerPort} and ${other.containerPort}`,
          hint: 'a host port leads to one port of the container: map another host port to the second one',
        }
    }
  return undefined
}

/** The mappings of a family, those of the same protocol and host port together. */
function groupsOf(asked: Asked[], family: Family): Mapping[][] {
  const groups = new Map<string, Mapping[]>()
  for (const mapping of asked.flatMap((one) => inFamily(one, family))) {
    const key = `${mapping.protocol} ${mapping.hostPort}`
    const group = groups.get(key)
    if (group) group.push(mapping)
    else groups.set(key, [mapping])
  }
  return [...groups.values()]
}

/** An entry without address concerns both families, one with an address its family. The unspecified one stands for all of it. */
function inFamily({ hostIP, protocol = 'tcp', range = 1, ...ports }: Asked, family: Family): Mapping[] {
  const address = hostIP === undefined ? undefined : parseAddress(hostIP)
  if (address && address.family !== family) return []
  const only = address?.value === 0n ? undefined : address
  return Array.from({ length: range }, (_, at) => ({
    protocol: protocol.toLowerCase() as Mapping['protocol'],
    hostPort: ports.hostPort + at,
    containerPort: ports.containerPort + at,
    hostIP: only,
  }))
}

function overlap({ hostIP: one }: Mapping, { hostIP: other }: Mapping): boolean {
  return !one || !other || sameAddress(one, other)
}
