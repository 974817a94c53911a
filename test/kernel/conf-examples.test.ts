/** The bridge's examples in conf-examples do what their README says; other plugins' examples are tested with those plugins. */
// needs: nft ip

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { allExamples } from '../../scripts/example.ts'
import { attach } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { far, farHost, near, privateHost } from '../harness/host.ts'
import { inContainer, routes } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'

await privateHost()

const examples = allExamples()
const mirror = await mirrorIn(farHost())

/** Two containers of an example; the runtime gives the second its static address. */
async function twoOf(file: string) {
  const net = exampleNetwork(file)
  const extras = net.plugins[0]?.capabilities ? { capabilities: { ips: ['10.92.0.11/24'] } } : {}
  const [one, two] = [await attach(net), await attach(net, extras)] as const
  const end = async () => {
    await one.check()
    for (const { del } of [one, two]) await del()
  }
  return { one, two, end }
}

test('all examples have a purpose and cniVersion 1.0.0, and each has its own network name and bridge', () => {
  for (const { comment } of examples) assert.match(comment, /^[A-Z].*\.$/)
  for (const { cniVersion } of examples) assert.is(cniVersion, '1.0.0')
  assert.is(new Set(examples.map(({ name }) => name)).size, examples.length)
  const bridges = examples.flatMap(({ plugin }) => plugin.bridge ?? [])
  assert.is(new Set(bridges).size, bridges.length)
})

test('STATUS of each plugin of each example succeeds, where the kernel has its devices and the host its NICs', async () => {
  const nics = ['eth0', 'eth1', 'eth2', 'eth3', 'eth4']
  for (const nic of nics) ip(`link add ${nic} up type veth peer name ${nic}-peer`)
  const failed: string[] = []
  for (const { title, name, plugin, chained } of examples)
    for (const one of [plugin, ...chained]) {
      const { status, json } = await call({ verb: 'STATUS', config: { ...one, name, cniVersion: '1.1.0' } })
      if (status !== 0 && !/^this kernel has no /.test(`${json?.msg}`))
        failed.push(`${title}, ${one.type}: ${json?.msg}`)
    }
  for (const nic of nics) ip(`link delete ${nic}`)
  assert.equal(failed, [])
})

/** The examples that no test source of a pattern mentions. */
function notIn(pattern: string, mention: (title: string) => string): string[] {
  const sources = globSync(pattern, { cwd: import.meta.dirname })
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join()
  return examples.map(({ title }) => title).filter((title) => !sources.includes(mention(title)))
}

test('each example is used by a test of what its README says, and by one of CHECK', () => {
  assert.equal(
    notIn('*.test.ts', (title) => `${title}.conflist`),
    [],
  )
  assert.equal(
    notIn('examples-check*.test.ts', (title) => `'${title}': `),
    [],
  )
})

for (const [file, source] of [
  ['10-bridge.conflist', 'its own'],
  ['20-bridge-masquerade.conflist', 'the host’s'],
  ['30-bridge-dual-stack.conflist', 'the host’s'],
  ['60-bridge-static.conflist', 'its own'],
] as const)
  test(`${file}: containers reach each other, and the far host sees ${source} address`, async () => {
    const { one, two, end } = await twoOf(file)
    for (const address of two.addresses) {
      assert.ok(pings(one, address), address)
      const [to, masqueraded] = address.includes(':') ? [far.ipv6, near.ipv6] : [far.ipv4, near.ipv4]
      assert.is(mirror.sourceOf(two, to, 'tcp'), source === 'its own' ? address : masqueraded)
    }
    assert.ok(routes(4, one).some((route) => route.startsWith('default via')))
    await end()
  })

test('50-bridge-l2.conflist: without IPAM, addresses that are set in the containers work', async () => {
  const { one, two, end } = await twoOf('50-bridge-l2.conflist')
  assert.equal(two.addresses, [])
  inContainer(one, 'address add 10.93.0.1/24 dev eth0')
  inContainer(two, 'address add 10.93.0.2/24 dev eth0')
  assert.ok(pings(one, '10.93.0.2'))
  await end()
})

test('40-bridge-vlan.conflist: works if the kernel’s bridges filter VLANs; if not, the error names the kernel option', async () => {
  const before = snapshot()
  const attempt = twoOf('40-bridge-vlan.conflist')
  const outcome = await attempt.catch((error) => error as { stderr: string })
  if ('end' in outcome) {
    assert.ok(pings(outcome.one, ...outcome.two.addresses))
    return outcome.end()
  }
  assert.match(await refusal(attempt), 'CONFIG_BRIDGE_VLAN_FILTERING')
  unchanged(before)
})

test.run()
