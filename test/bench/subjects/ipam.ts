/** IPAM plugins alone, as an interface plugin of another suite executes them. */

import { type Configuration, hostLocal, type Subject, subnet } from './subject.ts'

const there = () => []
const bridge = { type: 'bridge', bridge: 'br0', isGateway: true }
const addresses = [{ address: '10.201.0.2/16', gateway: '10.201.0.1' }]

function alone(ipam: Configuration): Subject {
  return { name: ipam.type, plugins: () => [{ type: ipam.type, ipam }], there }
}

const poolFile = '/var/lib/cni/networks/.patchbay-pool/bench.json'
const id = '11111111-2222-4333-8444-555555555555'

/** What a host with 4 blocks holds: room for 256 containers. */
const holdings = {
  ...{ network: 'bench', dataDir: '/var/lib/cni/networks', id, pool: 'blue', store: id },
  definition: { id, ranges: [{ subnet }], blockSize: { ipv4: 26, ipv6: 122 } },
  blocks: [0, 64, 128, 192].map((at) => ({ block: `10.200.9.${at}/26`, state: 'held', modified: 7 })),
  singles: [],
}

/** Addresses of blocks at hand. */
const pool: Configuration = { type: 'pool', pool: 'blue', routes: [{ dst: '0.0.0.0/0' }] }
const pooled = { files: { [poolFile]: JSON.stringify(holdings) } }

const bridged = () => [{ ...bridge, ipam: hostLocal }]

export const ipam: readonly Subject[] = [
  alone(hostLocal),
  { ...alone(pool), ...pooled, beside: { name: 'host-local', plugins: alone(hostLocal).plugins } },
  {
    name: 'bridge with pool',
    ...pooled,
    plugins: () => [{ ...bridge, ipam: pool }],
    theirs: bridged,
    beside: { name: 'bridge with host-local', plugins: bridged },
    there,
  },
  alone({ type: 'static', addresses }),
  alone({ type: 'ipam-list', list: [hostLocal, { type: 'static', addresses }] }),
]
