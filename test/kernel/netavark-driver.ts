/** What each driver of netavark must do: create, setup, teardown twice, all or nothing. */

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { gc } from '../harness/ended.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, removeContainer, setSysctl } from '../harness/host.ts'
import { addresses, exists, link } from '../harness/look.ts'
import {
  attachment,
  create,
  createError,
  podmanNetwork,
  setup,
  setupError,
  teardown,
} from '../harness/netavark.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { retried, until } from '../harness/until.ts'

interface Driver {
  driver: string
  /** podman's `--interface-name`. */
  parent?: string
  options?: Record<string, string>
  /** The kind of the container's interface, as `ip -d link` shows it. */
  kind: string
  /** What the kernel has of the options, as `ip -d link` shows it. */
  data?: Record<string, unknown>
  /** CAN. */
  withoutAddresses?: boolean
  /** The interface is a veth of the host, which would end with the namespace. */
  lent?: boolean
}

const subnets = [{ subnet: '10.50.0.0/24', gateway: '10.50.0.1' }]

/** Where podman has its networks. */
const networks = '/etc/containers/networks'

/** A host that forwards, as the first container of a routed network leaves it, with two NICs, nic0 and nic1. */
export function driverHost(): void {
  ownEtc(networks)
  for (const name of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) setSysctl(name, 1)
  for (const nic of ['nic0', 'nic1']) {
    ip(`link add ${nic} type veth peer name far${nic}`)
    for (const end of [nic, `far${nic}`]) ip(`link set ${end} up`)
  }
}

/** Sets up once the kernel has deleted the interface of an earlier test, a moment after its namespace: its parent may have one of a kind. */
function setupInTime(input: Record<string, unknown>, box: Netns) {
  return retried(
    () => setup(input, box),
    (said) => /taken|exists|same peer/.test(said),
  )
}

/** Declares the tests of a driver. */
export function testDriver({ driver, parent, options, kind, data, withoutAddresses, lent }: Driver): void {
  const given = podmanNetwork(driver, {
    network_interface: parent ?? null,
    options,
    ...(!withoutAddresses && { subnets }),
  })
  const ips = withoutAddresses ? {} : { static_ips: ['10.50.0.7'] }

  test(`${driver}: create, setup, teardown twice, nothing left`, () => {
    const before = snapshot()
    const net = create(given)
    const box = newContainer()
    const input = attachment(net, { interface_name: 'net0', ...ips })
    const { interfaces } = setup(input, box)
    const { linkinfo, address } = link('net0', box)
    assert.is(linkinfo?.info_kind, kind)
    for (const [key, value] of Object.entries(data ?? {})) assert.is(linkinfo?.info_data?.[key], value, key)
    if (!withoutAddresses) {
      assert.is(interfaces.net0?.mac_address, address)
      assert.is(interfaces.net0?.subnets[0]?.ipnet, '10.50.0.7/24')
      assert.ok(addresses('net0', box).includes('10.50.0.7/24'))
    }
    teardown(input, box)
    assert.not.ok(exists('net0', box))
    teardown(input, box)
    removeContainer(box)
    unchanged(before)
  })

  test(`${driver}: a setup that cannot publish its port leaves nothing`, () => {
    const before = snapshot()
    const box = newContainer()
    const port = { container_port: 80, host_port: 8080, host_ip: '192.0.2.300', protocol: 'tcp', range: 1 }
    assert.match(
      setupError(attachment(create(given), { ...ips, port_mappings: [port] }), box),
      /host|192.0.2.300/i,
    )
    assert.not.ok(exists('eth0', box))
    removeContainer(box)
    unchanged(before)
  })

  test(`${driver}: create names the option that a misspelt one means`, () => {
    assert.match(createError({ ...given, options: { ...options, mttu: '1400' } }), /mttu, did you mean mtu/)
  })

  if (lent) return
  test(`${driver}: teardown with the namespace gone`, () => {
    const before = snapshot()
    const box = newContainer()
    const input = attachment(create(given), ips)
    setup(input, box)
    removeContainer(box)
    teardown(input, box)
    unchanged(before)
  })

  test(`${driver}: patchbay gc deletes what a container has left whose namespace is gone`, async () => {
    const before = snapshot()
    const box = newContainer()
    const net = create(given)
    writeFileSync(`${networks}/${net.name}.json`, JSON.stringify(net))
    await setupInTime(attachment(net, ips), box)
    removeContainer(box)
    await until('gc sees that the container has ended', () =>
      gc('--dry-run').endsWith('attachments: 1 would be deleted\n'),
    )
    gc()
    unchanged(before)
  })
}
