/** CHECK of an example goes on to accept what ADD accepted, while other containers come and go and MAC addresses change. */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type Attached, added, attach, done } from './attach.ts'
import { engineOfRow } from './by-node.ts'
import type { Extras, Network } from './cnitool.ts'
import { ip, ipJson } from './command.ts'
import { silent } from './doctor.ts'
import { refusal } from './expect.ts'
import { newContainer, removeContainer } from './host.ts'
import { insisting } from './insisting.ts'
import { addresses, type Link } from './look.ts'
import { bridgeNetwork, exampleNetwork, single } from './networks.ts'
import { call, type Engine } from './plugin.ts'
import { test } from './test.ts'

/** How one example is attached. */
export interface Setting {
  ifname?: string
  /** Only one container can have it: a NIC, a static address, an end of a wire. The others are on another network then. */
  exclusive?: true
  /** No macvlan can sit on its interface. */
  isAlone?: true
  /** Makes the NICs that the example names. */
  prepare?(): void
  /** Removes them. */
  tidy?(): void
}

/** Each version that has CHECK, which CNI 0.4.0 brought, and an engine for it. */
function waysOf({ plugins: [first] }: Network): [cniVersion: string, engine: Engine][] {
  return [
    ['0.4.0', 'quickjs'],
    ['1.0.0', engineOfRow(first?.type ?? '')],
    ['1.1.0', 'quickjs'],
  ]
}

/** Tests an example in each version, alone and in a list. */
export function testLasting(file: string, setting: Setting = {}): void {
  const example = exampleNetwork(file)
  const variants = [example, inList(example, setting)].flatMap((net) =>
    waysOf(net).map(([cniVersion, engine]) => ({
      net: { ...net, cniVersion },
      extras: { engine, ...setting },
    })),
  )
  test(`${file}: CHECK passes at once, and after ten other containers and changes of MAC addresses`, async () => {
    setting.prepare?.()
    try {
      if (!setting.exclusive) await lasts(variants, () => comeAndGo(example, 10, setting))
      else for (const variant of variants) await lasts([variant], () => comeAndGo(bridgeNetwork(), 2))
    } finally {
      setting.tidy?.()
    }
  })
}

/** Between others: loopback before it, as in Nomad's list, and a second interface after it. */
function inList({ plugins, ...net }: Network, { isAlone }: Setting): Network {
  const second = isAlone ? [] : [{ type: 'macvlan', linkInContainer: true, ifname: 'second' }]
  return { ...net, plugins: [{ type: 'loopback' }, ...plugins, ...second] }
}

/** Containers that are attached at the same time. */
async function lasts(variants: { net: Network; extras: Extras }[], whileOthers: () => Promise<void>) {
  const before = hostLinks()
  const attached: Attached[] = []
  for (const { net, extras } of variants) {
    const one = await attach(net, extras)
    await one.check()
    attached.push(one)
  }
  await silent()
  const made = hostLinks().filter((name) => !before.includes(name))
  await whileOthers()
  made.filter(isFreeForUdev).forEach(changeAddress)
  for (const { check } of attached) await check()
  await flushIsNamed(made, attached)
  for (const { del } of attached) await del()
  attached.forEach(removeContainer)
}

function hostLinks(): string[] {
  return ipJson<Link>('link show').map(({ ifname }) => ifname)
}

/** Other containers, all attached before the first is detached. */
async function comeAndGo(net: Network, count: number, { ifname }: Setting = {}): Promise<void> {
  const config = single(net)
  const attachments = Array.from({ length: count }, () => {
    const container = newContainer()
    return { container, request: { config, ifname, containerID: container.name, netns: container.path } }
  })
  await Promise.all(attachments.map(({ request }) => added(request)))
  const answers = await Promise.all(
    attachments.map(({ request }) => insisting(() => call({ verb: 'DEL', ...request }))),
  )
  for (const answer of answers) assert.equal(answer, done)
  for (const { container } of attachments) removeContainer(container)
}

/** udev's MACAddressPolicy=persistent replaces addresses that the kernel chose (NET_ADDR_RANDOM, linux/netdevice.h). */
function isFreeForUdev(name: string): boolean {
  return readFileSync(`/sys/class/net/${name}/addr_assign_type`, 'utf8') === '1\n'
}

function changeAddress(name: string, number: number): void {
  ip(`link set ${name} address 02:00:5e:20:00:${String(number).padStart(2, '0')}`)
}

/** As after a reload of NetworkManager: where the host had addresses of the network, CHECK says which is missing. */
async function flushIsNamed(made: string[], attached: Attached[]): Promise<void> {
  const flushed = made.flatMap((name) => addresses(name).map((address) => ({ name, address })))
  if (flushed.length === 0) return
  for (const name of made) ip(`address flush dev ${name} scope global`)
  for (const { check } of attached) {
    const said = await refusal(check())
    assert.ok(
      flushed.some(({ name, address }) => said.includes(name) && said.includes(address)),
      said,
    )
  }
}
