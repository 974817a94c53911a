/** `patchbay gc` for the kinds of interfaces that only a guest's kernel has. */
// needs: link vlan, link ipvlan, link ipvtap, link macsec, link bond, link team, link dummy, link vcan, link vxcan, link vrf, link macvlan, can gateway
// packages: can-utils

import * as assert from 'uvu/assert'
import { cables, hostNics, nics, ownCables } from '../harness/cables.ts'
import { gatewayRules } from '../harness/can.ts'
import { command, ip } from '../harness/command.ts'
import { type Ending, endingHost, testEnding } from '../harness/ended.ts'
import { farHost, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { layCable, secrets, writeKeys } from '../harness/macsec.ts'
import { hostLocal } from '../harness/networks.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
endingHost()
hostNics()
layCable('mac0', 'mac1')
writeKeys()
command('modprobe', 'can-gw')
ip('link add bus0 up type vcan')

const subnets = ['10.88.0.0/24', 'fd88::/64']

/** NICs of the host, which the kernel deletes with the namespace that has them. */
function lendable(): void {
  for (const name of ['nic0', 'nic1', 'nic2'])
    if (!exists(`${name}-peer`)) ip(`link add ${name} type veth peer name ${name}-peer`)
}

/** A bond or team of the host's NICs, one for each container. */
const ofNics = (type: string, mode: string): Ending => ({
  config: { type, mode },
  each: (number) => ({ links: [{ name: `nic${number}` }] }),
  subnets,
  prepare: lendable,
  goesWithNamespace: (line) => /\bnic[012]\b/.test(line),
})

const can = { type: 'vxcan', gateway: { device: 'bus0' } }

const endings: Record<string, Ending> = {
  vlan: { config: { type: 'vlan', master: 'uplink' }, each: (number) => ({ vlanId: 100 + number }), subnets },
  'vlan with stacked tags': {
    config: { type: 'vlan', master: 'uplink' },
    each: (number) => ({ tags: [100, 20 + number] }),
    subnets,
  },
  ipvlan: { config: { type: 'ipvlan', master: 'uplink', mode: 'l3' }, subnets },
  // Of one parent, which refuses addresses that it has in a namespace that is being deleted.
  'ipvlan with hostAccess': {
    config: { type: 'ipvlan', master: 'uplink', hostAccess: true },
    subnets: ['10.89.0.0/24', 'fd89::/64'],
  },
  'ipvtap with a device node': {
    config: { type: 'ipvtap', master: 'uplink', node: '/run/nodes/{containerID}/{ifname}' },
    subnets: ['10.90.0.0/24', 'fd90::/64'],
  },
  macsec: {
    config: { type: 'macsec', master: 'mac0', keyFile: secrets, key: 'a' },
    each: (number) => ({ port: 1 + number, peers: [{ sci: `02000000000b000${1 + number}`, key: 'b' }] }),
    subnets,
  },
  dummy: { config: { type: 'dummy' }, subnets },
  'bridge with a vrf': {
    config: { type: 'bridge', bridge: 'br0', isGateway: true },
    chain: [{ type: 'vrf', vrfname: 'blue' }],
    subnets,
  },
  'bond of the host’s NICs': ofNics('bond', 'active-backup'),
  'team of the host’s NICs': ofNics('team', 'activebackup'),
  'bond of the container’s interfaces': {
    config: {
      type: 'bond',
      mode: 'active-backup',
      linksInContainer: true,
      links: cables.map((name) => ({ name })),
    },
    subnets,
    prepare: ownCables,
  },
  'macvlan on a bond of the host': {
    config: { type: 'bond', bond: 'uplinks', mode: 'active-backup', links: nics.map((name) => ({ name })) },
    chain: [{ type: 'macvlan', master: 'uplinks', ipam: hostLocal(...subnets) }],
  },
  vcan: { config: { type: 'vcan' }, ifname: 'can0' },
  'vxcan with a gateway to a bus': { config: can, ifname: 'can0' },
  'vxcan as a wire': {
    config: { type: 'vxcan' },
    each: (number) => ({ wire: `wire-${number}` }),
    ifname: 'can0',
  },
}

for (const [name, ending] of Object.entries(endings)) testEnding(name, ending)

test('no rule of can-gw is left', () => {
  assert.equal(gatewayRules(), [])
})

test.run()
