/** The graph as nodes and edges. */

import type * as z from 'zod'
import type { answer } from '../answers/topology.ts'
import { optional } from '../form/optional.ts'
import type { AttachmentView } from '../host/attachment-view.ts'
import type { Graph, Group, HostLink } from './graph.ts'

export type Told = z.infer<typeof answer>
type Node = Told['nodes'][number]
type Edge = Told['edges'][number]

export function told({ groups, links }: Graph): Told {
  const attachments = groups.flatMap((group) => group.attachments)
  const containers = new Map(attachments.map((one) => [one.containerID, one]))
  const networks = new Map(groups.map((group) => [group.network, group]))
  return {
    nodes: [
      ...links.map(linkNode),
      ...[...networks.values()].map(networkNode),
      ...[...containers.values()].map(containerNode),
    ],
    edges: [...links.flatMap(linkEdges), ...groups.flatMap(groupEdges), ...attachments.map(attachmentEdge)],
  }
}

function linkNode({ name, kind, up, addresses, vni, vlan }: HostLink): Node {
  return { kind: 'link', id: `link:${name}`, name, type: kind, up, addresses, ...optional({ vni, vlan }) }
}

function networkNode({ network, type }: Group): Node {
  return { kind: 'network', id: `network:${network}`, name: network, type }
}

function containerNode({ containerID, pod, life }: AttachmentView): Node {
  return { kind: 'container', id: `container:${containerID}`, name: containerID, ...optional({ pod }), life }
}

function linkEdges({ name, master, over }: HostLink): Edge[] {
  const from = `link:${name}`
  return [
    ...(master === undefined ? [] : [{ kind: 'port' as const, from, to: `link:${master}` }]),
    ...(over === undefined ? [] : [{ kind: 'over' as const, from, to: `link:${over}` }]),
  ]
}

function groupEdges({ network, on }: Group): Edge[] {
  return on ? [{ kind: 'on', from: `network:${network}`, to: `link:${on.name}` }] : []
}

function attachmentEdge({ containerID, network, ifname, addresses, end, ports }: AttachmentView): Edge {
  return {
    ...{ kind: 'attachment', from: `container:${containerID}`, to: `network:${network}` },
    ...{ interface: ifname, addresses },
    ...optional({ hostInterface: end?.name }),
    ports,
  }
}
