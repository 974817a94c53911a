/**
 * net_failover: with any interface of a set as the parent, the container sits on the set's master. Runs in a guest
 * with the standby NIC of virtio-nic.ts, started by nic.test.ts. Nothing is sent: no other host is there.
 */

import * as assert from 'uvu/assert'
import { ip, ipJson, succeeds } from '../harness/command.ts'
import { newContainer } from '../harness/host.ts'
import { type Link, link } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

/** The guest's kernel creates the master when the driver is loaded. */
ip('-V')
while (!succeeds('sh', '-c', 'modprobe virtio_net && ip -o link show | grep -q master'));

const links = ipJson<Link & { phys_port_name?: string }>('link show')
const standby = links.find(({ phys_port_name }) => phys_port_name === 'sby')
const master = links.find(({ ifname }) => ifname === standby?.master)
ip(`link set ${master?.ifname} up`)

test('the kernel has made a set: a standby NIC whose master has no kind, as the rule about parents expects', () => {
  assert.ok(standby && master)
  assert.is(master.linkinfo?.info_kind, undefined)
  assert.is(standby.address, master.address)
})

/** Plugins with a parent, by their keys. */
const kinds: Record<string, Record<string, unknown>> = {
  macvlan: {},
  ipvlan: { mode: 'l2' },
  vlan: { vlanId: 100 },
}

for (const [type, keys] of Object.entries(kinds))
  for (const which of ['standby', 'master'])
    test(`${type} on the ${which}: the container’s interface sits on the master, and CHECK and DEL succeed`, async () => {
      const name = String((which === 'standby' ? standby : master)?.ifname)
      const config = { type, name: 'net', cniVersion: '1.1.0', master: name, ...keys }
      assert.is((await call({ verb: 'STATUS', config })).status, 0)
      const container = newContainer()
      const request = { config, netns: container.path, containerID: container.name }
      const { status, json, stderr } = await call({ ...request, verb: 'ADD' })
      assert.is(status, 0, JSON.stringify(json))
      const told = `patchbay ${type}: info: master ${name} belongs to ${master?.ifname}: attached to ${master?.ifname}`
      assert.is(stderr.trim(), which === 'standby' ? told : '')
      assert.is(link('eth0', container).link_index, master?.ifindex)
      const checked = { ...config, prevResult: json }
      assert.is((await call({ ...request, config: checked, verb: 'CHECK' })).status, 0)
      assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
    })

test('the kernel refuses a macvlan on the standby: the reason for the rule', () => {
  assert.not.ok(
    succeeds('ip', 'link', 'add', 'link', String(standby?.ifname), 'name', 'probe', 'type', 'macvlan'),
  )
})

test.run()
