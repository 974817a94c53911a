/** The node in the pictures of the docs: networks and pods as a small shop has them, attached by cnitool on a private host. */

import { attach } from '../../test/harness/attach.ts'
import type { Network } from '../../test/harness/cnitool.ts'
import { ip } from '../../test/harness/command.ts'
import { newContainer } from '../../test/harness/host.ts'
import { hostLocal } from '../../test/harness/networks.ts'
import { vanish } from '../../test/harness/vanish.ts'

const portmap = { type: 'portmap', capabilities: { portMappings: true } }

export const pods: Network = {
  cniVersion: '1.1.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      ipam: hostLocal('10.244.1.0/24', 'fd00:10:244:1::/64'),
    },
    portmap,
  ],
}
const edge: Network = {
  cniVersion: '1.1.0',
  name: 'edge',
  plugins: [{ type: 'ptp', ipMasq: true, ipam: hostLocal('172.16.30.0/24') }, portmap],
}
const lan: Network = {
  cniVersion: '1.1.0',
  name: 'lan',
  plugins: [
    {
      type: 'macvlan',
      master: 'eth0',
      ipam: { type: 'host-local', ranges: [[{ subnet: '192.0.2.0/24', rangeStart: '192.0.2.50' }]] },
    },
  ],
}

interface Pod {
  net: Network
  namespace: string
  name: string
  ports?: readonly (readonly [host: number, container: number])[]
}

const three: readonly Pod[] = [
  {
    net: pods,
    namespace: 'shop',
    name: 'web-0',
    ports: [
      [8080, 80],
      [8443, 443],
    ],
  },
  { net: pods, namespace: 'shop', name: 'database-0' },
  { net: lan, namespace: 'home', name: 'printer-bridge' },
]

const seven: readonly Pod[] = [
  ...three,
  { net: pods, namespace: 'shop', name: 'worker-6c9f7d5b8-x2x7q' },
  { net: pods, namespace: 'kube-system', name: 'coredns-76f75df574-9nxbw', ports: [[53, 53]] },
  { net: edge, namespace: 'ingress', name: 'proxy-0', ports: [[443, 8443]] },
  { net: lan, namespace: 'home', name: 'media-0' },
]

/** A crowd on one bridge, with some on other networks. */
function hundred(): Pod[] {
  const more = Array.from(
    { length: 93 },
    (_, number): Pod => ({
      net: number % 9 === 8 ? edge : number % 13 === 12 ? lan : pods,
      namespace: ['shop', 'kube-system', 'monitoring'][number % 3] ?? 'shop',
      name: `${['api', 'worker', 'cache', 'metrics-collector'][number % 4]}-${number}`,
      ...(number % 7 === 3 && { ports: [[30000 + number, 80]] as const }),
    }),
  )
  return [...seven, ...more]
}

export const sizes = { three: () => three, seven: () => seven, hundred }

/** Makes the node: a NIC, and the pods of a size. The last but one of the bridge ended without DEL, if `ended`. */
export async function makeNode(size: keyof typeof sizes, ended = false): Promise<void> {
  const far = newContainer('far')
  ip(`link add eth0 type veth peer name eth0 netns ${far.name}`)
  ip(`-n ${far.name} link set eth0 up`)
  ip('link set eth0 up')
  ip('address add 192.0.2.10/24 dev eth0')
  for (const pod of sizes[size]()) await attachPod(pod)
  if (ended) await vanish(await attachPod({ net: pods, namespace: 'shop', name: 'batch-28f1a' }))
}

async function attachPod({ net, namespace, name, ports = [] }: Pod) {
  const args = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name }
  const portMappings = ports.map(([hostPort, containerPort]) => ({
    hostPort,
    containerPort,
    protocol: 'tcp',
  }))
  return attach(net, { args, capabilities: { portMappings }, container: newContainer() })
}
