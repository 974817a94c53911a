/** Containers with two cables each, for bonds and teams: to each other, or to a switch; and the packets lost when one is pulled. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import * as cnitool from './cnitool.ts'
import { ip, ipJson, succeeds } from './command.ts'
import { type Netns, newContainer } from './host.ts'
import { exists, inContainer, link } from './look.ts'
import { newNetwork } from './networks.ts'
import { until } from './until.ts'

export const cables = ['net1', 'net2']

/** Two containers that are joined by two cables: net1 to net1, net2 to net2. */
export function joined(): [Netns, Netns] {
  const [one, other] = [newContainer(), newContainer()]
  for (const name of cables) {
    ip(`-n ${one.name} link add ${name} type veth peer name ${name} netns ${other.name}`)
    for (const end of [one, other]) inContainer(end, `link set ${name} up`)
  }
  return [one, other]
}

/** A network of bonds or teams of both cables. */
export function cableNetwork(type: string, keys: Record<string, unknown>): cnitool.Network {
  return newNetwork(type, { linksInContainer: true, links: cables.map((name) => ({ name })), ...keys })
}

/** A container with two NICs without a network. */
export function newContainerWithNics(): Netns {
  const container = newContainer()
  for (const name of cables) inContainer(container, `link add ${name} type veth peer name x${name}`)
  return container
}

/** A container with two cables to a switch of the host, `switch0`, whose ports have the names of container and cable. */
export function plugged(): Netns {
  const container = newContainer()
  for (const name of cables) {
    ip(`link add ${container.name}-${name} type veth peer name ${name} netns ${container.name}`)
    ip(`link set ${container.name}-${name} master switch0 up`)
    inContainer(container, `link set ${name} up`)
  }
  return container
}

/** The switch of `plugged`, which forwards without delay. */
export function layOut(): void {
  ip('link add switch0 address 02:00:5e:10:00:01 type bridge forward_delay 0')
  ip('link set switch0 up')
}

/** Asserts that an interface over the cables, and the cables, have the requested MAC address until DEL. */
export async function takesMac(net: cnitool.Network, container: Netns): Promise<void> {
  const look = () => cables.map((name) => link(name, container).address)
  const macs = look()
  const [mac, extras] = ['02:00:5e:10:00:07', { args: { MAC: '02:00:5e:10:00:07' } }]
  await cnitool.add(net, container, extras)
  assert.equal([link('eth0', container).address, ...look()], [mac, mac, mac])
  await cnitool.check(net, container, extras)
  await cnitool.del(net, container, extras)
  assert.equal(look(), macs)
}

/** The number of pings that were lost during an action. */
export async function lostWhile(from: Netns, address: string, act: () => void, count = 60): Promise<number> {
  const words = [
    'netns',
    'exec',
    from.name,
    'ping',
    '-n',
    '-i',
    '0.05',
    '-W',
    '1',
    '-c',
    String(count),
    address,
  ]
  const pinging = spawn('ip', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  pinging.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  await until('the first ping is answered', () => said.includes(' bytes from '))
  act()
  await once(pinging, 'close')
  const [, received = '0'] = /(\d+) received/.exec(said) ?? []
  return count - Number(received)
}

/** The number of packets that an interface has sent. */
export function sentBy(name: string, netns: Netns): number {
  type Counted = { stats64: { tx: { packets: number } } }
  const [found] = ipJson<Counted>(`-s -n ${netns.name} link show dev ${name}`)
  return found?.stats64.tx.packets ?? 0
}

/** Two interfaces of a container with cables: one up, with addresses and an MTU; the other down. */
export function ownCables(container: Netns): void {
  for (const name of cables) {
    inContainer(container, `link add ${name} type veth peer name ${name}-peer`)
    for (const end of [`${name}-peer`, name]) inContainer(container, `link set ${end} up`)
  }
  inContainer(container, 'link set net1 mtu 1450')
  inContainer(container, 'link set net2 down')
  inContainer(container, 'address add 192.0.2.1/24 dev net1')
  inContainer(container, 'address add 2001:db8::1/64 dev net1 nodad')
}

export const nics = ['eth1', 'eth2']

/** Two NICs of the host on a switch, those that do not exist: one up, with addresses, an MTU and an alias; the other down. */
export function hostNics(): void {
  if (!exists('switch0')) layOut()
  const missing = nics.filter((name) => !exists(name))
  // A NIC that the kernel deletes with a namespace goes a moment before its other end.
  for (const name of missing) succeeds('ip', 'link', 'delete', `${name}-peer`)
  for (const name of missing) {
    const macs = [1, 2].map((end) => `02:00:5e:10:${name.replace('eth', '0')}:0${end}`)
    ip(`link add ${name} address ${macs[0]} type veth peer name ${name}-peer address ${macs[1]}`)
    ip(`link set ${name}-peer master switch0 up`)
  }
  if (!missing.includes('eth1')) return
  ip('link set eth1 mtu 1450 txqueuelen 500 alias uplink up')
  ip('address add 192.0.2.1/24 dev eth1')
  ip('address add 2001:db8::1/64 dev eth1 nodad')
}

/** Whether a line of a snapshot is about those NICs, which the kernel deletes with their namespace. */
export function isOfNics(line: string): boolean {
  return /eth[12]\b/.test(line)
}
