/** bridge: a switch on the host. A kernel's bridge has at most 1,023 ports (BR_PORT_BITS in net/bridge/br_private.h). */

import { type Configuration, dualStack, hostLocal, type Subject } from './subject.ts'

/** So many containers are on each bridge of a host with many; the first is that of the network. */
const ports = 1000

const keys = { type: 'bridge', bridge: 'br0', isGateway: true }

function masquerade(backend: string): Configuration {
  return { ...keys, ipMasq: true, ipMasqBackend: backend, ipam: dualStack }
}

/** A container's veth, and each time that a bridge is full another one. */
export function port(number: number): string[] {
  const [bridge, isFirst] = [`br${Math.floor(number / ports)}`, number % ports === 0 && number > 0]
  return [
    ...(isFirst ? [`link add ${bridge} type bridge`, `link set ${bridge} up`] : []),
    `link add port${number} master ${bridge} type veth peer name eth${number} netns there`,
    `link set port${number} up`,
  ]
}

export const bridges: readonly Subject[] = [
  { name: 'bridge', plugins: () => [{ ...keys, ipam: hostLocal }], there: port },
  { name: 'bridge ipMasq nftables', needs: ['nft ip'], plugins: () => [masquerade('nftables')] },
  { name: 'bridge ipMasq iptables', needs: ['iptables', 'nft ip'], plugins: () => [masquerade('iptables')] },
]
