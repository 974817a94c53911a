/** Keys of the `ipam` section of type ipam-list. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../config/config.ts'
import { describe, list, object, oneOf, open, optional, pluginName } from '../../config/schema.ts'
import type { Complaint } from '../../error/error.ts'
import { probe, rangeRequests } from '../schema.ts'

export const ownName = 'ipam-list'

const part = open({
  type: describe(pluginName, 'The IPAM plugin; the other keys are its own.'),
  family: describe(
    optional(oneOf(4, 6)),
    'IP version of the requested addresses that this plugin gets. Default: both.',
  ),
})

const shape = {
  ...rangeRequests,
  ipam: object({
    type: describe(optional(pluginName), '`ipam-list`.'),
    probe,
    list: describe(list(part), 'IPAM sections: a container gets the addresses of all of them.'),
  }),
}

export type ListConfig = Config<typeof shape>

export const config = network(shape, { delegate: true, rules: [someParts, noListInList, oneDhcp] })

/** Each is a call of a plugin. */
export const mostParts = 64

function someParts({ ipam }: ListConfig): Complaint | undefined {
  if (ipam.list.length > mostParts)
    return {
      msg: `ipam.list has ${ipam.list.length} entries, must have at most ${mostParts}`,
      hint: 'give each IP version one plugin, or a few',
    }
  if (ipam.list.length > 0) return undefined
  return {
    msg: 'ipam.list is empty, must name an IPAM plugin',
    hint: 'leave ipam out for a network without addresses',
  }
}

function noListInList({ ipam }: ListConfig): Complaint | undefined {
  const at = ipam.list.findIndex(({ type }) => type === ownName)
  if (at < 0) return undefined
  return {
    msg: `ipam.list[${at}].type is "${ownName}": a list must not contain a list`,
    hint: 'write all sections into one list',
  }
}

/** Its name, also with an installer's prefix. */
const ofDhcp = /(^|-)dhcp$/

/** A lease is of an interface: a second ADD for the same one gives back what the first has got. */
function oneDhcp({ ipam }: ListConfig): Complaint | undefined {
  const [first, second] = ipam.list.flatMap(({ type }, index) => (ofDhcp.test(type) ? [index] : []))
  if (second === undefined) return undefined
  return {
    msg: `ipam.list[${second}] is of dhcp, as ipam.list[${first}] is: an interface has one section of dhcp`,
    hint: 'write both into one section: its ipv4 and ipv6 say what is asked for',
  }
}
