/** Every numeric key at both ends of its range: ADD, then CHECK, since the kernel rounds, clamps and refuses some. */
// needs: link bond, link team, link macsec, link vlan, link vxlan, link vrf, link ipvlan, link ipvtap, link macvlan, link macvtap, link dummy, link vcan, link vxcan, link ifb, qdisc tbf, can gateway, bridge vlan_filtering

import * as assert from 'uvu/assert'
import { plugins } from '../../plugins/registry.ts'
import { added } from '../harness/attach.ts'
import { cables } from '../harness/cables.ts'
import { command, ip } from '../harness/command.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { secrets, writeKeys } from '../harness/macsec.ts'
import { fixed } from '../harness/networks.ts'
import { numericKeys, withNumber } from '../harness/numbers.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add nic0 mtu 65535 address 02:00:00:00:00:0a up type veth peer name nic1')
ip('link set nic1 mtu 65535 up')
ip('address add 192.0.2.1/24 dev nic0')
for (const name of ['up0', 'up1', 'trunk0', 'trunk1'])
  ip(`link add nic-${name} type veth peer name x-${name}`)
ip('link add lent0 type veth peer name lent1')
ip('link add can0 mtu 72 up type vcan')
command('modprobe', 'can-gw')
const salt = '5a'.repeat(12)
writeKeys({ a: '0a'.repeat(16), x: { key: '0b'.repeat(16), salt } })

type Keys = Record<string, unknown>

const members = { linksInContainer: true, links: cables.map((name) => ({ name })) }
const monitored = { miimon: 0, arpInterval: 100, arpIpTargets: ['192.0.2.9'] }
const underlay = { remote: '192.0.2.2', local: '192.0.2.1' }
const peer = { sci: '00000000000b0001', key: 'a' }
const keyed = { sci: '00000000000a0001', keyFile: secrets, key: 'a', peers: [peer] }
const extended = {
  ...keyed,
  cipherSuite: 'GCM-AES-XPN-128',
  key: 'x',
  ssci: 5,
  peers: [{ ...peer, key: 'x', ssci: 6 }],
}

/** What each plugin needs. */
const bases: Record<string, Keys> = {
  bandwidth: { ingressRate: 8_000_000, egressRate: 8_000_000 },
  bond: { ...members, miimon: 1 },
  'host-device': { device: 'lent0' },
  ipvlan: { master: 'nic0', ipam: fixed('10.1.0.2/24') },
  ipvtap: { master: 'nic0', ipam: fixed('10.1.0.2/24') },
  macsec: { master: 'nic0', ...keyed },
  macvlan: { master: 'nic0' },
  macvtap: { master: 'nic0' },
  ptp: { ipam: { type: 'static', addresses: [{ address: '10.1.0.2/24', gateway: '10.1.0.1' }] } },
  team: members,
  vlan: { master: 'nic0', vlanId: 7 },
  vrf: { vrfname: 'blue' },
  vxlan: { vni: 7, ...underlay },
  wire: { wire: 'one' },
}

const filters = { vni: undefined, remote: undefined, direct: true }
const lacp = { mode: '802.3ad' }

const onTrunk = (range: Keys) => ({ bridge: 'uptrunk', uplinks: [{ name: 'trunk', vlanTrunk: [range] }] })

/** What a key needs besides. Keys of a plugin that need the same are set together. */
const beside: Record<string, Keys> = {
  'bond miimon': { miimon: undefined },
  'bond mode': { miimon: 2 },
  'bond arpInterval': monitored,
  'bond arpMissedMax': monitored,
  'bond adActorSysPrio': lacp,
  'bond adUserPortKey': lacp,
  'bond minLinks': lacp,
  'bond lpInterval': { mode: 'balance-tlb' },
  'bond packetsPerSlave': { mode: 'balance-rr' },
  'bridge vlan': { bridge: 'vlan' },
  'bridge vlanTrunk.0.id': { bridge: 'trunk', vlanTrunk: [{}] },
  'bridge vlanTrunk.0.minID': { bridge: 'trunk', vlanTrunk: [{ maxID: 4094 }] },
  'bridge vlanTrunk.0.maxID': { bridge: 'trunk', vlanTrunk: [{ minID: 1 }] },
  'bridge uplinks.0.vlan': { bridge: 'up', uplinks: [{ name: 'up' }] },
  'bridge uplinks.0.vlanTrunk.0.id': onTrunk({}),
  'bridge uplinks.0.vlanTrunk.0.minID': onTrunk({ maxID: 4094 }),
  'bridge uplinks.0.vlanTrunk.0.maxID': onTrunk({ minID: 1 }),
  'macsec window': { replayProtect: true },
  'macsec port': { sci: undefined },
  'macsec ssci': extended,
  'macsec peers.0.ssci': { ...extended, ssci: 7 },
  'macsec peers.0.port': { peers: [{ mac: '02:00:00:00:00:0b', key: 'a' }] },
  'vlan tags.0': { vlanId: undefined, tags: [0, 7] },
  'vxcan gateway.toContainer.0.set.len': { gateway: { device: 'can0', toContainer: [{ frames: 'fd' }] } },
  'vxcan gateway.fromContainer.0.set.len': { gateway: { device: 'can0', fromContainer: [{ frames: 'fd' }] } },
  'vxlan sourcePortRange.min': { sourcePortRange: { max: 65535 } },
  'vxlan sourcePortRange.max': { sourcePortRange: { min: 1 } },
  'vxlan vniFilter.0': filters,
  'vxlan vniFilter.0.min': { ...filters, vniFilter: [{ max: 9 }] },
  'vxlan vniFilter.0.max': { ...filters, vniFilter: [{ min: 1 }] },
}

/** Ends that are possible in another place only, with what ADD says. */
const refused: Record<string, string> = {
  'bandwidth ingressBurst 9007199254740991': 'burst cannot be more than 4GB',
  'bandwidth egressBurst 9007199254740991': 'burst cannot be more than 4GB',
  'bridge groupForwardMask 65535': 'groupForwardMask: bits 0 to 2 must be 0',
  'macsec mtu 65535': 'mtu: 65535 is too large for nic0: at most 65503',
  'tap mtu 65535': 'mtu: must be at most 65521 in mode tap',
  'vxlan mtu 65535': 'mtu: 65535 does not fit',
  'vxlan vniFilter.0.min 16777215': 'vniFilter: min 16777215 is greater than max 9',
  'vxlan vniFilter.0.max 16777215': 'vniFilter: must have at most 65536 VNIs, found 16777215',
}

/** Plugins that change the interface of an earlier one. */
const chained = ['bandwidth', 'firewall', 'portmap', 'sbr', 'tuning', 'vrf']

function containerFor(type: string): Netns {
  const container = newContainer()
  const inside = chained.includes(type) ? ['eth0'] : type === 'bond' || type === 'team' ? cables : []
  for (const name of inside) inContainer(container, `link add ${name} type veth peer name x${name}`)
  return container
}

/** The numeric keys of a plugin, each with what it needs. */
async function keysOf(type: string) {
  const { config } = await (plugins[type] as NonNullable<(typeof plugins)[string]>)()
  // The keys of IPAM plugins are in their section, `ipam.ranges`: their own tests have them.
  const names = config.keys().filter((key) => Object.hasOwn(config.shape, key))
  const own = names.map((key) => [key, config.shape[key]])
  return numericKeys(Object.fromEntries(own)).map(({ path, ends }) => {
    const name = `${type} ${path.join('.')}`
    return { path, ends, name, needs: JSON.stringify({ ...bases[type], ...beside[name] }) }
  })
}

/** An uplink is a port of one bridge. */
function uplinksAt({ uplinks }: Keys, end: number) {
  return (uplinks as { name: string }[] | undefined)?.map((uplink) => ({
    ...uplink,
    name: `nic-${uplink.name}${end}`,
  }))
}

/** An ADD of a container, with the result of an earlier plugin where that must be. */
function request(type: string, keys: Keys, end: 0 | 1, container: Netns) {
  const interfaces = [{ name: 'eth0', sandbox: container.path }]
  // Another bridge for each end: one that exists is not changed.
  const own =
    type === 'bridge' ? { bridge: `${keys.bridge ?? 'plain'}${end}`, uplinks: uplinksAt(keys, end) } : {}
  const before = chained.includes(type)
    ? { prevResult: { cniVersion: '1.0.0', interfaces, ips: [{ address: '10.1.0.2/24' }] } }
    : {}
  const config = { type, name: 'numbers', cniVersion: '1.0.0', ...keys, ...own, ...before }
  return { config, netns: container.path, containerID: container.name } as const
}

for (const type of Object.keys(plugins)) {
  const container = containerFor(type)
  const keys = await keysOf(type)
  for (const end of [0, 1] as const) {
    const isRefused = ({ name, ends }: (typeof keys)[number]) => refused[`${name} ${ends[end]}`]
    const possible = keys.filter((key) => !isRefused(key))
    const needs = [...new Set(possible.map((key) => key.needs))]
    for (const [nth, need] of needs.entries()) {
      const engine = end === 1 && nth === 0 ? 'node' : 'quickjs'
      const group = possible.filter((key) => key.needs === need)
      const config = group.reduce((all, { path, ends }) => withNumber(all, path, ends[end]), JSON.parse(need))
      const words = group.map(({ path, ends }) => `${path.join('.')} ${ends[end]}`)
      test(`${engine}: ${type} with ${words.join(', ')}: CHECK accepts what ADD made`, async () => {
        const wanted = { ...request(type, config, end, container), engine } as const
        const prevResult = await added(wanted)
        const check = await call({
          ...wanted,
          verb: 'CHECK',
          config: { ...wanted.config, prevResult } as never,
        })
        const del = await call({ ...wanted, verb: 'DEL' })
        assert.equal([check.json, del.json], [undefined, undefined])
      })
    }
    for (const key of keys.filter(isRefused))
      test(`${key.name} ${key.ends[end]} is refused with the reason`, async () => {
        const config = withNumber(JSON.parse(key.needs), key.path, key.ends[end])
        const { json } = await call({ ...request(type, config, end, container), verb: 'ADD' })
        assert.is(json?.code, 7)
        assert.ok(String(json?.msg).includes(isRefused(key) ?? ''), JSON.stringify(json))
      })
  }
}

test.run()
