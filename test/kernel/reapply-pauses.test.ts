/** `patchbay reapply` beside other calls, each stopped before each of its system calls: what DEL and GC have removed stays away. */
// needs: full speed, nft ip, nft bridge, iptables
// packages: nftables

import { globSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { isFullRun } from '../harness/full.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { bothSucceed, harmOfPauses, type Pair } from '../harness/pausing.ts'
import type { Call, Configuration } from '../harness/plugin.ts'
import { quickSnapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { rules } from './firewall-rules.ts'

await privateHost()
const [attached, chained] = [newContainer(), newContainer()]
test.after(() => [attached, chained].forEach(removeContainer))
ip('link add br7 type bridge')
ip(`link add port7 master br7 type veth peer name eth0 netns ${chained.name}`)

const prevResult = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'br7' }, { name: 'port7' }, { name: 'eth0', sandbox: chained.path }],
  ips: [{ address: '10.75.0.2/24', gateway: '10.75.0.1', interface: 2 }],
}

const plugins: Record<string, Configuration> = {
  'bridge with ipMasq and macspoofchk': {
    ...{ type: 'bridge', bridge: 'pauses0', isGateway: true, ipMasq: true, ipMasqBackend: 'nftables' },
    ...{ macspoofchk: true, ipam: hostLocal('10.74.0.0/24') },
  },
  portmap: {
    type: 'portmap',
    prevResult,
    runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'udp' }] },
  },
  firewall: { type: 'firewall', prevResult, ingressPolicy: 'isolated', backend: 'nftables' },
  'bridge with ipMasq by iptables': {
    ...{ type: 'bridge', bridge: 'pauses1', isGateway: true, ipMasq: true, ipMasqBackend: 'iptables' },
    ipam: hostLocal('10.76.0.0/24'),
  },
  'portmap by iptables': {
    ...{ type: 'portmap', prevResult, backend: 'iptables' },
    runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'udp' }] },
  },
  'firewall by iptables': { type: 'firewall', prevResult, ingressPolicy: 'isolated', backend: 'iptables' },
}

/** A program in the place of a plugin: what it prints goes to standard error. */
const shell = (words: string): Call => ({
  ...{ verb: 'VERSION', config: '{}', plugin: 'patchbay' },
  under: ['sh', '-c', `unset CNI_COMMAND; ${words} >&2`],
})
const reapply = shell('exec "$0" reapply')
const flush = shell('exec nft flush ruleset')

/** What an attachment has in the firewall, and what is recorded of it. */
const left = () => [
  ...rules(),
  ...globSync('/run/patchbay/firewall/**/*', { withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? [] : [one.name],
  ),
]

const leavesNothing: Pair['judge'] = (paused, meanwhile) => {
  const [first] = left()
  return bothSucceed(paused, meanwhile) ?? (first && `${first} is left`)
}

for (const [name, own] of Object.entries(plugins)) {
  const container = own.prevResult ? chained : attached
  const call = (verb: Call['verb']): Call => ({
    ...{ verb, containerID: container.name, netns: container.path },
    config: {
      ...{ ...own, name: 'reapplied', cniVersion: '1.1.0' },
      ...(verb === 'GC' && { prevResult: undefined, 'cni.dev/valid-attachments': [] }),
    },
  })
  const rows: Record<string, Omit<Pair, 'look'>> = {
    'reapply after a flush, while DEL runs': {
      ...{ before: [call('ADD'), flush], paused: reapply, meanwhile: call('DEL'), judge: leavesNothing },
    },
    'DEL, while reapply runs': {
      ...{ before: [call('ADD')], paused: call('DEL'), meanwhile: reapply, judge: leavesNothing },
    },
    'reapply after a flush, while GC runs': {
      ...{ before: [call('ADD'), flush], paused: reapply, meanwhile: call('GC'), judge: leavesNothing },
    },
    'GC, while reapply runs': {
      ...{ before: [call('ADD')], paused: call('GC'), meanwhile: reapply, judge: leavesNothing },
    },
    'ADD, while reapply runs': { paused: call('ADD'), meanwhile: reapply, judge: bothSucceed },
  }
  // Each call by iptables takes several times as long: of pairs that differ little, one.
  const isChosen = (row: string) => isFullRun() || !name.endsWith('by iptables') || /DEL|while GC/.test(row)
  for (const [row, pair] of Object.entries(rows).filter(([row]) => isChosen(row)))
    test(`${name}: ${row}: nothing is left`, async () => {
      // Empty chains of iptables stay.
      const look = () => [
        ...quickSnapshot(container.name).filter((line) => !line.startsWith('nft ')),
        ...rules(),
      ]
      assert.equal(await harmOfPauses({ ...pair, look }), [])
    })
}

test.run()
