/** IPAM plugins alone, as an interface plugin of another suite executes them. */

import { type Configuration, hostLocal, type Subject } from './subject.ts'

const there = () => []
const addresses = [{ address: '10.201.0.2/16', gateway: '10.201.0.1' }]

function alone(ipam: Configuration): Subject {
  return { name: ipam.type, plugins: () => [{ type: ipam.type, ipam }], there }
}

export const ipam: readonly Subject[] = [
  alone(hostLocal),
  alone({ type: 'static', addresses }),
  alone({ type: 'ipam-list', list: [hostLocal, { type: 'static', addresses }] }),
]
