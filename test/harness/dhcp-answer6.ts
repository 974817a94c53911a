/** What a server of DHCPv6 answers, good and bad, for a Behaviour of the hostile server. */

import { advertisement } from './dhcp-advertisement.ts'
import type { Behaviour, Reply } from './dhcp-hostile.ts'
import { encode6, iaNa, option6, sameClient, type Type6 } from './dhcp-message6.ts'

/** T1, T2, preferred and valid lifetime, seconds. */
export const usualTimes = [60, 90, 120, 120] as const

/** A DUID-LL, whose end tells servers apart. */
export function duid6(server: number): string {
  return `0003000102000000${server.toString(16).padStart(4, '0')}`
}

function serverId(server: number): string {
  return option6(2, duid6(server))
}

/** A message of a server with these options besides the identifiers. */
export function answer6(type: Type6, server: number, ...options: string[]): Reply {
  return { bytes: encode6(type, [sameClient, serverId(server), ...options]) }
}

/** Server 1 gives an address, and a router is there: ADD waits for neither. */
export function good6(address: string): Behaviour {
  const ia = iaNa(address, usualTimes)
  return {
    'ROUTER-SOLICITATION': [[advertisement()]],
    SOLICIT: [[answer6('ADVERTISE', 1, ia)]],
    REQUEST: [[answer6('REPLY', 1, ia)]],
  }
}

/** A message that answers no question of a client, and what the client says of it. */
export type Refused = [reply: Reply, says: string]

/** Answers of a type that are none, each with an address that shows when one is taken. */
export function noAnswers(type: 'ADVERTISE' | 'REPLY', address: string): Refused[] {
  const ia = iaNa(address, usualTimes)
  const other = option6(1, '000300010200000000ff')
  const whole = answer6(type, 1, ia).bytes
  const without = `${type} without a server's identifier`
  return [
    [{ bytes: encode6(type, [sameClient, serverId(1), ia], '000000') }, 'to another request'],
    [{ bytes: encode6(type, [other, serverId(2), ia]) }, `${type} of server ${duid6(2)} for another client`],
    [{ bytes: encode6(type, [serverId(3), ia]) }, `${type} of server ${duid6(3)} for another client`],
    [{ bytes: encode6(type, [sameClient, ia]) }, without],
    [{ bytes: encode6(type, [sameClient, option6(2, '00'), ia]) }, without],
    [{ bytes: encode6(type, [sameClient, serverId(1), serverId(2), ia]) }, without],
    [{ bytes: whole.slice(0, -2) }, malformed],
    [{ bytes: whole + option6(13, '0000', 65535) }, malformed],
    // A relay's message, and a header that breaks off.
    [{ bytes: `0c${whole.slice(2)}` }, malformed],
    [{ bytes: whole.slice(0, 6) }, malformed],
    [answer6('RENEW', 1, ia), 'RENEW, which answers nothing that was asked'],
  ]
}

const malformed = 'a message that is malformed'

/** What a terminal would obey: clears the screen, a line of its own, beyond ASCII; and it is longer than an error. */
const commands = Buffer.from(`go away\x1b[2J\nroot: \u202e${'x'.repeat(1000)}`).toString('hex')

/** Answers without an address that an interface can have. @param address that they give in vain @param server of all. Default: they are of servers 1, 2 and so on */
export function noAddresses(type: 'ADVERTISE' | 'REPLY', address: string, server?: number): Refused[] {
  const all: [options: string[], says: string][] = [
    ...['ff02::1', 'fe80::9', '::', '::1'].map((one): [string[], string] => [
      [iaNa(one, usualTimes)],
      `of ${one}, which an interface cannot have`,
    ]),
    [[iaNa(address, [60, 90, 121, 120])], 'without an address'],
    [[iaNa(address, [91, 90, 120, 120])], 'without an address'],
    [[iaNa(address, usualTimes), option6(13, `0002${commands}`)], 'with NoAddrsAvail (go away?[2J?root: '],
    [[iaNa(address, [60, 90, 0, 0])], `that takes back ${address}`],
  ]
  return all.map(([options, says], at) => {
    const by = server ?? at + 1
    return [answer6(type, by, ...options), `${type} of server ${duid6(by)} ${says}`]
  })
}
