/** `patchbay gc` for the kinds of interfaces that this kernel has; gc-guest-kinds.test.ts has the others. */
// needs: link macvlan, link macvtap, link vxlan, link ifb, qdisc tbf, nft ip

import * as assert from 'uvu/assert'
import { allWires } from '../../shared/pair/wire.ts'
import { attach, attachTwo } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { collects, type Ending, endingHost, testEnding } from '../harness/ended.ts'
import { refusal } from '../harness/expect.ts'
import { farHost, privateHost, removeContainer } from '../harness/host.ts'
import { exists, reservedIn } from '../harness/look.ts'
import { wireNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
endingHost()

const subnets = ['10.88.0.0/24', 'fd88::/64']

/** NICs of the host, which the kernel deletes with the namespace that has them. */
function lendable(): void {
  for (const name of ['nic0', 'nic1', 'nic2'])
    if (!exists(`${name}-peer`)) ip(`link add ${name} type veth peer name ${name}-peer`)
}

const endings: Record<string, Ending> = {
  'macvlan with hostAccess': { config: { type: 'macvlan', master: 'uplink', hostAccess: true }, subnets },
  'macvtap with a device node': {
    config: { type: 'macvtap', master: 'uplink', node: '/run/nodes/{containerID}/{ifname}', owner: 61000 },
    subnets,
  },
  tap: { config: { type: 'tap', owner: 61000 }, subnets },
  vxlan: { config: { type: 'vxlan', vni: 100, remotes: ['198.51.100.1'] }, subnets },
  'vxlan with peers of the store': {
    config: { type: 'vxlan', vni: 300, peers: 'store', arpSuppress: true, dev: 'uplink' },
    subnets,
  },
  'vxlan, direct': {
    config: { type: 'vxlan', direct: true, remotes: ['198.51.100.1'] },
    each: (number) => ({ vni: 100 + number }),
    subnets,
  },
  ptp: { config: { type: 'ptp', ipMasq: true }, subnets },
  wire: { config: { type: 'wire' }, each: (number) => ({ wire: `wire-${number}` }), subnets },
  'host-device': {
    config: { type: 'host-device' },
    each: (number) => ({ device: `nic${number}` }),
    subnets,
    prepare: lendable,
    goesWithNamespace: (line) => /\bnic[012]\b/.test(line),
  },
  'bandwidth with an IFB': {
    config: { type: 'ptp' },
    chain: [{ type: 'bandwidth', egress: 'ifb', egressRate: 1e6, egressBurst: 1e6 }],
    subnets,
  },
}

for (const [name, ending] of Object.entries(endings)) testEnding(name, ending)

test('wire: the container at one end has ended, and the kernel deleted both ends: the other keeps its address until its DEL', async () => {
  const net = wireNetwork()
  const records = `/var/lib/cni/networks/${net.name}`
  const { one, other } = await attachTwo(net)
  const ofOther = other.addresses.toSorted()
  removeContainer(one)
  await collects(net, [one], '1 live, ')
  assert.equal(reservedIn(records).sort(), ofOther)
  const { del } = await attach(net)
  assert.match(await refusal(other.check()), 'eth0')
  await other.del()
  await del()
  assert.equal(reservedIn(records), [])
  assert.equal(allWires(), [])
})

test.run()
