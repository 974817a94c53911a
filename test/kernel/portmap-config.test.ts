/** portmap's configuration: what is refused, what is warned about, and what CHECK makes of one that has changed. */
// needs: nft ip, iptables

import { spawn } from 'node:child_process'
import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { near, newContainer, privateHost } from '../harness/host.ts'
import { type Configuration, call, type Result } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { type Mappings, tcp } from './portmap-networks.ts'

await privateHost()

const given = (): Result => ({
  cniVersion: '1.0.0',
  interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', sandbox: container.path }],
  ips: [{ address: '10.50.0.2/24', interface: 0 }],
})
const container = newContainer()

function direct(prevResult: unknown, portMappings: Mappings, keys: Record<string, unknown> = {}) {
  const config = {
    type: 'portmap',
    name: 'direct',
    cniVersion: '1.0.0',
    prevResult,
    runtimeConfig: { portMappings },
    ...keys,
  } as Configuration
  return { config, containerID: 'direct', netns: container.path }
}

for (const [back, keys] of Object.entries({
  nftables: { masqAll: true, conditionsV4: ['ip', 'saddr', '10.0.0.0/8'] },
  iptables: { masqAll: true, markMasqBit: 3, conditionsV4: ['-s', '10.0.0.0/8'] },
}))
  test(`CHECK looks for what ADD has made, whatever the configuration says since: ${back}`, async () => {
    const request = direct(given(), [tcp(8095)], { backend: back })
    assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
    const changed = direct(given(), [tcp(8095)], { backend: back, ...keys })
    const { status, json } = await call({ ...changed, verb: 'CHECK' })
    assert.is(status, 0, JSON.stringify(json))
    const lost =
      back === 'nftables'
        ? ['nft', 'flush map ip patchbay portmap-ports']
        : ['iptables', '-t', 'nat', '-F', 'CNI-HOSTPORT-DNAT']
    command(...(lost as [string, ...string[]]))
    assert.is((await call({ ...changed, verb: 'CHECK' })).status, 1)
    assert.is((await call({ ...changed, verb: 'DEL' })).status, 0)
  })

test('a port that a process of the host listens on is warned about', async () => {
  const program = "require('net').createServer().listen(8090, '0.0.0.0', () => console.log('listening'))"
  const listener = spawn(process.execPath, ['-e', program])
  await new Promise((resolve) => listener.stdout.once('data', resolve))
  const result = given()
  const { status, stderr } = await call({ ...direct(result, [tcp(8090)]), verb: 'ADD' })
  assert.is(status, 0)
  assert.match(stderr, /a process of the host listens on 8090\/tcp/)
  await call({ ...direct(result, [tcp(8090)]), verb: 'DEL' })
  listener.kill()
})

const refusals: Record<string, [Mappings, Record<string, unknown>, RegExp]> = {
  'a host port beyond 65535': [[tcp(99999)], {}, /portMappings\[0\]\.hostPort is 99999/],
  'a host port of 0': [[tcp(0)], {}, /hostPort is 0/],
  'a range beyond 65535': [
    [{ ...tcp(65535, 80), range: 3 }],
    {},
    /portMappings\[0\] goes beyond port 65535: hostPort is 65535 and range is 3/,
  ],
  'a range of container ports beyond 65535': [
    [tcp(80), { ...tcp(81, 65534), range: 3 }],
    {},
    /portMappings\[1\] goes beyond port 65535: containerPort is 65534 and range is 3/,
  ],
  'one host port to two container ports': [
    [tcp(80, 1), tcp(80, 2)],
    {},
    /host port 80\/tcp to container ports 1 and 2/,
  ],
  'a port at one address and at all, to two': [
    [{ ...tcp(80, 1), hostIP: near.ipv6 }, tcp(80, 2)],
    { backend: 'iptables' },
    /host port 80\/tcp to container ports 1 and 2/,
  ],
  'an unknown protocol': [[{ ...tcp(80), protocol: 'icmp' }], {}, /protocol is "icmp"/],
  'a hostIP that is none': [[{ ...tcp(80), hostIP: 'here' }], {}, /hostIP is "here"/],
  'an unknown back end': [[tcp(80)], { backend: 'ipfw' }, /backend is "ipfw"/],
  'a mark bit beyond 31': [[tcp(80)], { markMasqBit: 32 }, /markMasqBit is 32/],
  'mark bit and chain together': [
    [tcp(80)],
    { markMasqBit: 3, externalSetMarkChain: 'KUBE-MARK-MASQ' },
    /cannot be set together/,
  ],
  'conditions of the other back end': [
    [tcp(80)],
    { backend: 'iptables', conditionsV4: ['ip', 'saddr', '10.0.0.0/8'] },
    /iptables backend was requested but configuration contains nftables-specific options \[conditionsV4\]/,
  ],
  'a second command among the conditions': [
    [tcp(80)],
    { conditionsV4: ['ip saddr 10.0.0.0/8; flush ruleset'] },
    /conditionsV4/,
  ],
  'an option among words of nft': [
    [tcp(80)],
    { conditionsV4: ['ip', '-f', '/etc/passwd'] },
    /option among words of nft/,
  ],
}

for (const [what, [mappings, keys, words]] of Object.entries(refusals))
  test(`${what} is refused before anything is changed`, async () => {
    const before = snapshot()
    const { status, json } = await call({ ...direct(given(), mappings, keys), verb: 'ADD' })
    assert.equal([status, json?.code], [1, 7])
    assert.match(String(json?.msg), words)
    unchanged(before)
  })

test('without prevResult ADD and CHECK fail in the reference’s words', async () => {
  const request = direct(undefined, [tcp(80)])
  const [add, check] = [await call({ ...request, verb: 'ADD' }), await call({ ...request, verb: 'CHECK' })]
  assert.is(add.json?.msg, 'must be called as chained plugin')
  assert.is(check.json?.msg, 'Required prevResult missing')
})

test('conditions in words that nft does not know are refused with its words, and nothing is left', async () => {
  const before = snapshot()
  const { json } = await call({
    ...direct(given(), [tcp(80)], { conditionsV4: ['ip', 'sadr', '10.0.0.0/8'] }),
    verb: 'ADD',
  })
  assert.match(String(json?.msg), /nft does not take the conditions/)
  unchanged(before)
})

test.run()
