/** Lets containers through by firewalld: their addresses are sources of a zone, as the reference adds them, until firewalld reloads. */

import { CniError, Code } from '../error/error.ts'
import { parseAddress, width } from '../ip/address.ts'
import { KernelError } from '../kernel/errno.ts'
import { ask, type Bus, connect, disconnect, hasOwner } from './dbus.ts'
import type { Answer } from './dbus-message.ts'
import type { Filter } from './filter-record.ts'
import { missing } from './missing.ts'
import { disown, own, ownedBy } from './shared-parts.ts'

const name = 'org.fedoraproject.FirewallD1'
const zones = { destination: name, path: '/org/fedoraproject/FirewallD1', interface: `${name}.zone` }

type Method = 'addSource' | 'removeSource' | 'querySource'

/** Adds an attachment's addresses to its zone. @throws CniError when firewalld does not run, or refuses */
export function add(filter: Filter): void {
  own(filter, filter.addresses)
  withFirewalld((bus) => {
    if (!bus) throw notRunning()
    for (const address of filter.addresses) {
      const answer = callZone(bus, 'addSource', filter.zone, address)
      if (answer.error !== undefined && !says(answer, 'ZONE_ALREADY_SET'))
        throw refused(filter.zone, address, answer)
    }
  })
}

/** Removes an attachment's addresses, except those that another attachment has got. Without firewalld there is nothing to remove. */
export function remove(filter: Filter): void {
  const addresses = ownedBy(filter, filter.addresses)
  withFirewalld((bus) => {
    if (!bus) return
    for (const address of addresses) {
      const answer = callZone(bus, 'removeSource', filter.zone, address)
      if (answer.error !== undefined && !/UNKNOWN_SOURCE|INVALID_ZONE|ZONE_CONFLICT/.test(`${answer.value}`))
        throw refused(filter.zone, address, answer)
    }
  })
  disown(addresses)
}

/** @throws CniError that names the address that is no source of the zone */
export function check({ addresses, zone }: Filter): void {
  withFirewalld((bus) => {
    if (!bus) throw notRunning()
    for (const address of addresses)
      if (callZone(bus, 'querySource', zone, address).value !== true)
        throw missing(
          `firewalld has no source ${host(address)} in zone ${zone}`,
          `firewall-cmd --zone=${zone} --list-sources`,
        )
  })
}

/** Whether firewalld has addresses in a zone: for an attachment without a record, which the reference has attached. A bus that fails has none. */
export function has(addresses: readonly string[], zone: string): boolean {
  const isSource = (bus: Bus, address: string) => callZone(bus, 'querySource', zone, address).value === true
  try {
    return withFirewalld((bus) => bus !== undefined && addresses.some((address) => isSource(bus, address)))
  } catch (error) {
    if (error instanceof CniError || error instanceof KernelError) return false
    throw error
  }
}

/** @throws CniError of code 50 when firewalld does not run */
export function requireRunning(): void {
  withFirewalld((bus) => {
    if (!bus) throw notRunning()
  })
}

/** @param use gets undefined when there is no system bus, or no firewalld on it */
function withFirewalld<T>(use: (bus: Bus | undefined) => T): T {
  const bus = connect()
  try {
    return use(bus && hasOwner(bus, name) ? bus : undefined)
  } finally {
    if (bus) disconnect(bus)
  }
}

function callZone(bus: Bus, member: Method, zone: string, address: string): Answer {
  return ask(bus, { ...zones, member, arguments: [zone, host(address)] })
}

/** A host address with its prefix length, as the reference gives it. */
function host(text: string): string {
  const family = parseAddress(text)?.family ?? 4
  return `${text}/${width(family)}`
}

/** firewalld's errors begin with a word in capitals. */
function says({ value }: Answer, word: string): boolean {
  return String(value).includes(word)
}

function notRunning(): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: 'backend is "firewalld", and firewalld does not run: start it, or leave backend out',
    hint: 'systemctl start firewalld; without "backend", nftables or iptables are used',
    see: 'firewall-cmd --state',
  })
}

function refused(zone: string, address: string, { error, value }: Answer): CniError {
  return new CniError(Code.Internal, {
    msg: `firewalld refuses ${address} as a source of zone ${zone}: ${value ?? error}`,
    hint: 'see the zones with: firewall-cmd --get-zones',
    reproduce: `firewall-cmd --zone=${zone} --add-source=${host(address)}`,
  })
}
