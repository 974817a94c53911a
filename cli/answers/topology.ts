/** What `patchbay topology -o json` prints: nodes, and edges between their IDs. */

import { array, boolean, discriminatedUnion, literal, number, strictObject as object, string } from 'zod'
import { hostPort, life } from './attachment.ts'

const id = string().describe('`network:NAME`, `link:NAME` or `container:ID`.')

export const answer = object({
  nodes: array(
    discriminatedUnion('kind', [
      object({
        kind: literal('network'),
        id,
        name: string(),
        type: string().describe('The first plugin of its list.'),
      }),
      object({
        kind: literal('link'),
        id,
        name: string(),
        type: string().describe('bridge, vxlan, vlan, …; NIC for hardware.'),
        up: boolean(),
        addresses: array(string()),
        vni: number().optional(),
        vlan: number().optional(),
      }),
      object({ kind: literal('container'), id, name: string(), pod: string().optional(), life }),
    ]),
  ),
  edges: array(
    discriminatedUnion('kind', [
      object({
        kind: literal('attachment'),
        from: id.describe('The container.'),
        to: id.describe('The network.'),
        interface: string(),
        addresses: array(string()),
        hostInterface: string().optional(),
        ports: array(hostPort),
      }),
      object({
        kind: literal('on').describe('A network is on a bridge or NIC of the host.'),
        from: id,
        to: id,
      }),
      object({ kind: literal('port').describe('A link is a port of a bridge or bond.'), from: id, to: id }),
      object({
        kind: literal('over').describe('A VLAN, VTEP or macvlan sends by another link.'),
        from: id,
        to: id,
      }),
    ]),
  ),
})
