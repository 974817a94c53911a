/** vxlan: impossible configurations are refused before any change, with place, fault and remedy. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import { refused as refusedAdd } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { exists, link } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { difference, snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

ip('link add under0 type veth peer name under1')
for (const words of ['192.0.2.1/24', '2001:db8::1/64']) ip(`address add ${words} dev under0 nodad`)
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)

const vni = 100

const configOf = (keys: Record<string, unknown>) => ({
  type: 'vxlan',
  name: 'blue',
  cniVersion: '1.1.0',
  vni,
  ...keys,
})
const refused = (keys: Record<string, unknown>) => refusedAdd({ config: configOf(keys) })

function request(keys: Record<string, unknown>, verb: 'ADD' | 'STATUS' | 'DEL' = 'ADD') {
  const container = newContainer()
  return {
    container,
    call: { verb, config: configOf(keys), containerID: container.name, netns: container.path } as const,
  }
}

const remote = '192.0.2.2'

/** Keys that are refused, and the message. */
const wrong: [Record<string, unknown>, string | RegExp][] = [
  [{ vni: undefined, remote }, 'vni is missing, must be a whole number from 0 to 16777215'],
  [{ vni: 16777216, remote }, 'vni is 16777216, must be a whole number from 0 to 16777215'],
  [{ vni: '100', remote }, 'vni is "100", must be a whole number'],
  [{ remote: 'host2' }, 'remote is "host2", must be an IP address such as'],
  [{ remotes: [remote, 'x'] }, 'remotes[1] is "x", must be an IP address'],
  [{ remote, remotes: [] }, 'remote and remotes cannot be set together'],
  [{ remotes: [remote], group: '239.1.1.1', dev: 'under0' }, 'remotes and group cannot be set together'],
  [{ group: '239.1.1.1' }, 'group is set but dev is not'],
  [{ group: remote, dev: 'under0' }, 'group: must be a multicast address such as 239.1.1.1'],
  [{ remote: '239.1.1.1' }, 'remote: a multicast address is not a single VTEP'],
  [{ remotes: [remote, 'ff05::1'] }, 'remotes[0] and remotes[1] are of different families'],
  [{ remote, local: '2001:db8::1' }, /(remote and local|local and remote) are of different families/],
  [{ remotes: ['0.0.0.0'] }, 'remotes[0]: the unspecified address is no VTEP'],
  [{ remote, ttl: 256 }, 'ttl is 256, must be a whole number from 0 to 255 or "inherit"'],
  [{ remote, tos: 'copy' }, 'tos is "copy", must be a whole number from 0 to 255 or "inherit"'],
  [{ remote, sourcePortRange: { min: 2000, max: 1000 } }, 'min 2000 is greater than max 1000'],
  [{ remote, direct: true, bridge: 'br0' }, 'direct and bridge cannot be set together'],
  [{ remote, vniFilter: [1] }, 'vni and vniFilter cannot be set together'],
  [{ vni: undefined, vniFilter: [1] }, 'vniFilter is set but direct is false'],
  [{ vni: undefined, direct: true, remote, vniFilter: [1] }, 'vniFilter and remotes cannot be set together'],
  [
    { vni: undefined, direct: true, vniFilter: [{ min: 9, max: 3 }] },
    'vniFilter: min 9 is greater than max 3',
  ],
  [{ remote, mtu: 60 }, 'mtu: must be 0 or from 68'],
  [{ remote, lcoal: '192.0.2.1' }, 'local'],
  [{ remote, learing: true }, 'learning'],
  [{ remote, dev: 'nosuch0' }, 'dev: the host has no interface "nosuch0"'],
  [{ remote, local: '192.0.2.99' }, 'local: the host has no address 192.0.2.99'],
  [{ remote: '192.0.2.1' }, 'remote: 192.0.2.1 is an address of this host itself'],
  [{ remote, bridge: 'under1' }, '"under1" already exists but is not a bridge'],
  [
    { remote, mtu: 1451 },
    'mtu: 1451 does not fit: the path to 192.0.2.2 by under0 carries 1500, less 50 for VXLAN over IPv4 leaves 1450',
  ],
  [{ remote, mtu: 1451 }, 'take at most 1450, or take mtu out, or raise the MTU of the underlay to 1501'],
  [{ remote: '2001:db8::2', mtu: 1431 }, 'less 70 for VXLAN over IPv6 leaves 1430'],
]

for (const [keys, expected] of wrong)
  test(`${JSON.stringify(keys)} is refused`, async () => {
    const { code, said } = await refused(keys)
    assert.is(code, 7, said)
    assert.match(said, expected)
  })

test('without a route to any remote, ADD asks to try again later or to set mtu', async () => {
  const { code, said } = await refused({ remotes: ['203.0.113.1', '203.0.113.2'] })
  assert.is(code, 11)
  assert.match(said, 'no route leads to any remote (203.0.113.1, 203.0.113.2)')
  const { call: add } = request({ remotes: ['203.0.113.1'], mtu: 1300 })
  assert.is((await call(add)).status, 0)
  assert.is(link(`vx${vni}`).mtu, 1300)
  await call({ ...add, verb: 'DEL' })
})

test('one remote without a route is a warning, and the others determine the MTU', async () => {
  const { call: add } = request({ remotes: ['203.0.113.1', remote] })
  const { status, stderr } = await call(add)
  assert.is(status, 0)
  assert.match(stderr, 'no route leads to remote 203.0.113.1')
  assert.is(link(`vx${vni}`).mtu, 1450)
  await call({ ...add, verb: 'DEL' })
})

test('an existing link of the VTEP’s name, and a VNI of another VTEP, are refused with their names', async () => {
  ip(`link add vx${vni} type veth`)
  assert.match(
    (await refused({ remote })).said,
    `the VTEP would be named vx${vni}, which exists and is of kind veth`,
  )
  ip(`link delete vx${vni}`)
  ip(`link add foreign0 type vxlan id ${vni} dstport 4789`)
  assert.match(
    (await refused({ remote })).said,
    `VNI ${vni} is in use on this host at UDP port 4789 by foreign0`,
  )
  ip('link delete foreign0')
})

test('the lowest and the highest VNI have names that fit', async () => {
  for (const id of [0, 16777215]) {
    const { call: add } = request({ vni: id, remote })
    const { status, json } = await call(add)
    assert.is(status, 0, JSON.stringify(json))
    assert.ok(exists(`vx${id}`) && exists(`vxbr${id}`))
    await call({ ...add, verb: 'DEL' })
    assert.not.ok(exists(`vx${id}`) || exists(`vxbr${id}`))
  }
})

test('an ADD that fails in IPAM leaves neither VTEP nor bridge', async () => {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: '10.0.0.0/30', rangeStart: '10.0.0.2', rangeEnd: '10.0.0.2' }]],
  }
  const { call: first } = request({ vni: 900, remote, ipam })
  assert.is((await call(first)).status, 0)
  const { said } = await refused({ remote, ipam })
  assert.match(said, '10.0.0')
  await call({ ...first, verb: 'DEL' })
})

test('STATUS succeeds if ADD would succeed, and changes nothing', async () => {
  const before = snapshot()
  const { status, json } = await call(request({ remote, dev: 'under0', local: '192.0.2.1' }, 'STATUS').call)
  assert.equal([status, json], [0, undefined])
  assert.equal(difference(before.filter(isNoNamespace), snapshot().filter(isNoNamespace)), [])
})

function isNoNamespace(line: string): boolean {
  return !line.includes('/run/netns')
}

test('an own address that the kernel still checks for duplicates is no remote', async () => {
  setSysctl('net/ipv6/conf/under0/dad_transmits', 30)
  ip('address add 2001:db8::9/64 dev under0')
  const { call: add } = request({ remotes: ['2001:db8::2', '2001:db8::9'] })
  assert.is((await call(add)).status, 0)
  const entries = command('bridge', 'fdb', 'show', 'dev', 'vx100')
  assert.match(entries, 'dst 2001:db8::2 ')
  assert.not.match(entries, '2001:db8::9')
  assert.is((await call({ ...add, verb: 'DEL' })).status, 0)
})

test('STATUS fails with code 50 and names what is missing', async () => {
  const missing: [Record<string, unknown>, string][] = [
    [{ remote, dev: 'nosuch0' }, 'dev: the host has no interface'],
    [{ remote, local: '192.0.2.99' }, 'local: the host has no address'],
    [{ remote, mtu: 1451 }, 'mtu: 1451 does not fit'],
  ]
  for (const [keys, said] of missing) {
    const { json } = await call(request(keys, 'STATUS').call)
    assert.is(json?.code, 50)
    assert.match(String(json?.msg), said)
  }
})

test.run()
