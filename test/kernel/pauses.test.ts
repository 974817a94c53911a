/** A call that is stopped before each of its system calls, while another call of the same network runs. */
// needs: full speed, nft bridge, nft ip, link macvlan, link macvtap, link vxlan, link ifb, qdisc tbf

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { farHost, type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { bothSucceed, harmOfPauses, type Pair, secondSucceeds } from '../harness/pausing.ts'
import type { Call, Configuration } from '../harness/plugin.ts'
import { addVeth } from '../harness/shaped.ts'
import { quickSnapshot, withoutNumbers } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add nic0 type veth peer name nic0-peer')
for (const name of ['nic0', 'nic0-peer']) ip(`link set ${name} up`)
ip('address add 192.0.2.7/24 dev nic0')

interface Kind {
  config: Configuration
  /** Two containers can have the same one. */
  isForMany?: boolean
  /** DEL of one container also takes the interface of another. */
  isShared?: boolean
  /** Makes what ADD needs in a container. */
  prepare?(container: Netns): void
}

const kinds: Record<string, Kind> = {
  bridge: {
    config: {
      ...{ type: 'bridge', bridge: 'pauses0', isGateway: true, ipMasq: true, ipMasqBackend: 'nftables' },
      ipam: hostLocal('10.70.0.0/24'),
    },
    isForMany: true,
  },
  'macvlan with hostAccess': {
    config: { type: 'macvlan', master: 'uplink', hostAccess: true, ipam: hostLocal('198.51.100.0/24') },
    isForMany: true,
  },
  vxlan: {
    config: { type: 'vxlan', vni: 70, remotes: ['198.51.100.1'], ipam: hostLocal('10.71.0.0/24') },
    isForMany: true,
  },
  tap: { config: { type: 'tap', ipam: hostLocal('10.73.0.0/24') } },
  macvtap: { config: { type: 'macvtap', master: 'uplink' }, isForMany: true },
  wire: { config: { type: 'wire', ipam: hostLocal('10.72.0.0/24') }, isForMany: true, isShared: true },
  'host-device': { config: { type: 'host-device', device: 'nic0' } },
  bandwidth: {
    config: {
      type: 'bandwidth',
      prevResult: {},
      ingressRate: 8_000_000,
      egressRate: 8_000_000,
      egress: 'ifb',
    },
    isForMany: true,
    prepare: addVeth,
  },
}

for (const [name, { config, isForMany, isShared, prepare }] of Object.entries(kinds)) {
  const [one, other] = [newContainer(), newContainer()]
  for (const container of [one, other]) prepare?.(container)
  const call = (verb: Call['verb'], { name: containerID, path: netns } = one): Call => ({
    ...{ verb, containerID, netns },
    config: { ...config, name: 'pauses', cniVersion: '1.0.0' },
  })
  const rows: Record<string, Omit<Pair, 'look'>> = {
    'ADD, while DEL of the same container runs': {
      ...{ paused: call('ADD'), meanwhile: call('DEL'), judge: secondSucceeds },
    },
    'DEL, while another DEL of the same container runs': {
      ...{ before: [call('ADD')], paused: call('DEL'), meanwhile: call('DEL'), judge: bothSucceed },
    },
    ...(isForMany && {
      'ADD, while another container is attached': {
        ...{ paused: call('ADD'), meanwhile: call('ADD', other), judge: bothSucceed },
      },
      'DEL, while another container is attached': {
        ...{ before: [call('ADD')], paused: call('DEL'), meanwhile: call('ADD', other) },
        judge: isShared ? (del, add) => secondSucceeds(add, del) : bothSucceed,
      },
    }),
  }
  for (const [row, pair] of Object.entries(rows))
    test(`${name}: ${row}: nothing is lost or left`, async () => {
      const look = () => withoutNumbers([one, other].flatMap((netns) => quickSnapshot(netns.name)))
      assert.equal(await harmOfPauses({ ...pair, look }), [])
    })
  test.after(() => [one, other].forEach(removeContainer))
}

test.run()
