/** macvlan: impossible configurations are refused, with place and remedy, and nothing is left. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { call } from '../harness/plugin.ts'
import { testRefusals } from '../harness/refusals.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add port type veth')
ip('link add br0 type bridge')
ip('link set port master br0')
ip('tuntap add tun0 mode tun')

const source = (sourceMacs: unknown) => ({ mode: 'source', sourceMacs })

testRefusals(
  [
    [{ mode: 'bridged' }, 'mode is "bridged"', '"private", "vepa", "bridge", "passthru" or "source"'],
    [{ master: 'nosuch' }, 'master: the host has no interface "nosuch"', 'ip link show'],
    [{ master: 'a/b' }, 'master is "a/b"', 'an interface name'],
    [{ master: 'port' }, 'macvlan cannot sit on port: it is a port of bridge br0', 'use br0 as master'],
    [{ master: 'lo' }, 'macvlan cannot sit on lo: it is no Ethernet device', 'name an Ethernet interface'],
    [
      { master: 'tun0' },
      'macvlan cannot sit on tun0: it is no Ethernet device',
      'name an Ethernet interface',
    ],
    [
      { linkInContainer: true, master: 'uplink' },
      'the container has no interface "uplink"',
      'an earlier plugin',
    ],
    [{ linkInContainer: true, master: undefined }, 'the container has no default route', '"master": "eth0"'],
    [{ mtu: 60 }, 'mtu: must be 0 or from 68', ''],
    [
      { mtu: 1501 },
      'mtu: 1501 is more than the 1500 of the parent uplink',
      'ip link set dev uplink mtu 1501',
    ],
    [{ bcqueuelen: -1 }, 'bcqueuelen is -1', 'a whole number from 0 to 4294967295'],
    [{ sourceMacs: ['02:00:5e:10:00:01'] }, 'sourceMacs is set but mode is "bridge"', 'set mode "source"'],
    [source(undefined), 'sourceMacs is empty', '"sourceMacs": ['],
    [source([]), 'sourceMacs is empty', '"sourceMacs": ['],
    [source(['01:00:5e:00:00:01']), 'sourceMacs[0] is "01:00:5e:00:00:01"', 'a unicast MAC address'],
    [{ mac: '02:00:5e' }, 'mac is "02:00:5e"', 'a unicast MAC address'],
    [{ runtimeConfig: { mac: '01:00:5e:00:00:01' } }, 'runtimeConfig.mac', 'unicast'],
    [{ hostAccess: true, mode: 'private' }, 'hostAccess is set but mode is "private"', 'set mode "bridge"'],
    [
      { hostAccess: true, linkInContainer: true },
      'hostAccess and linkInContainer cannot be set together',
      '',
    ],
    [{ hostAccess: true, ipam: undefined }, 'hostAccess needs ipam', 'set ipam'],
    [{ hostAccess: true, ipam: {} }, 'hostAccess needs ipam', 'set ipam'],
    [{ hostAcess: true }, 'unknown key hostAcess, did you mean hostAccess?', ''],
  ],
  (keys) => refused({ config: single(macvlanNetwork(keys)) }),
)

test('no default route: master must be named', async () => {
  const config = single(macvlanNetwork({ master: undefined }))
  ip('route delete default')
  ip('-6 route delete default')
  const { json } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.equal(
    [json?.code, json?.msg],
    [7, 'master is not set, and the host has no default route: name a master'],
  )
  ip('route add default dev uplink')
})

test('keys match in any case', async () => {
  const { MODE, ...rest } = { ...single(macvlanNetwork()), MODE: 'private' }
  const container = newContainer()
  const { status } = await call({ verb: 'ADD', config: { ...rest, Mode: MODE }, netns: container.path })
  assert.is(status, 0)
  assert.is(link('eth0', container).linkinfo?.info_data?.mode, 'private')
})

test('a MAC address that is in use on the parent is refused with the name of its interface', async () => {
  const mac = '02:00:5E:10:00:0A'
  const container = newContainer()
  const { status } = await call({
    verb: 'ADD',
    config: single(macvlanNetwork({ mac })),
    containerID: 'first',
    netns: container.path,
  })
  assert.is(status, 0)
  const before = snapshot()
  for (const [taken, owner] of [
    [mac, `eth0 in namespace ${container.name}`],
    [link('uplink').address, 'the parent itself'],
  ]) {
    const config = single(macvlanNetwork({ mac: taken }))
    const { json } = await call({ verb: 'ADD', config, containerID: 'second', netns: newContainer().path })
    const said = `MAC address ${taken?.toLowerCase()} is already in use on uplink, by ${owner}: request another`
    assert.equal([json?.code, json?.msg], [7, said])
    assert.match(json?.details as string, /EADDRINUSE|EBUSY/)
    unchanged(before)
  }
})

test('a second ADD of an interface is refused and removes nothing', async () => {
  const config = single(macvlanNetwork())
  const { path: netns } = newContainer()
  const { status, json: prevResult } = await call({ verb: 'ADD', config, netns })
  assert.is(status, 0)
  const before = snapshot()
  const { json } = await call({ verb: 'ADD', config, netns })
  assert.match(json?.msg as string, 'has an interface eth0 already')
  unchanged(before)
  assert.is((await call({ verb: 'CHECK', config: { ...config, prevResult }, netns })).status, 0)
})

test('a master that is down is used, with a warning', async () => {
  ip('link add idle type veth')
  const config = single(macvlanNetwork({ master: 'idle' }))
  const { status, stderr } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.is(status, 0)
  assert.match(stderr, 'warning: master idle is down')
})

test.run()
