/** What the `ipam` section of type ipam-list may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../cni/config.ts'
import type { Complaint } from '../../cni/error.ts'
import { describe, list, object, oneOf, open, optional, pluginName } from '../../cni/schema.ts'
import { probe } from '../schema.ts'

export const ownName = 'ipam-list'

const part = open({
  type: describe(pluginName, 'The IPAM plugin; the other keys are its own.'),
  family: describe(
    optional(oneOf(4, 6)),
    'Which of the addresses that the runtime asks for are meant for it. Default: all.',
  ),
})

const shape = {
  ipam: object({
    type: describe(optional(pluginName), '`ipam-list`.'),
    probe,
    list: describe(list(part), 'IPAM sections: a container gets what each of them gives.'),
  }),
}

export type ListConfig = Config<typeof shape>

export const config = network(shape, { delegate: true, rules: [someParts, noListInList] })

function someParts({ ipam }: ListConfig): Complaint | undefined {
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
    msg: `ipam.list[${at}].type is "${ownName}": lists have no lists in them`,
    hint: 'write all in one list',
  }
}
