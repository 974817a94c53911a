/** What `patchbay pool show -o json` prints. */

import { array, boolean, number, strictObject as object, enum as oneOf, string } from 'zod'

const time = () => string().optional().describe('ISO 8601 in UTC, by the clock of the host that wrote it.')

const block = object({ block: string(), network: string(), since: time() })

const single = object({
  address: string(),
  network: string(),
  owner: string().describe('The host that holds the block.'),
  state: oneOf(['asked', 'granted', 'refused']),
  reason: string().optional(),
  since: time(),
})

export const answer = object({
  name: string(),
  ranges: array(string()).describe('In the form of `pool create --range`.'),
  blockSize: object({ ipv4: number(), ipv6: number() }),
  closing: boolean().describe('It is being deleted: no new address is given.'),
  hosts: array(
    object({
      host: string(),
      registered: boolean().describe('Whether the store knows a host of this name and ID.'),
      confirmed: boolean().describe('Whether it has confirmed its blocks since etcd was restored last.'),
      seen: time(),
      version: string().optional(),
      blocks: array(block),
      singles: array(single).describe("Addresses in other hosts' blocks that it has asked for."),
    }),
  ).describe('That hold something of it. With ADDRESS: those that hold the address.'),
  address: object({
    address: string(),
    inPool: boolean(),
    role: oneOf(['gateway', 'network', 'broadcast']).optional().describe('No container gets it.'),
    block: string().optional().describe('The claimed block that has it.'),
    host: string().optional().describe('That may give it to a container.'),
    network: string().optional(),
    containers: array(
      object({ network: string(), container: string(), interface: string().optional() }),
    ).describe('Of this host, that have it.'),
  }).optional(),
})
