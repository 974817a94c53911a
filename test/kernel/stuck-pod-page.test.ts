/** docs/stuck-pod.md: its call of STATUS, its attempt by hand, and the sentences that it explains. */
// needs: nft ip
// packages: jq

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { added, refused } from '../harness/attach.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { blocksOf, runBlock } from '../harness/page.ts'
import { type Call, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const page = readFileSync(join(import.meta.dirname, '../../docs/stuck-pod.md'), 'utf8')
const networks = `${scratch}/net.d`
const names = { '/opt/cni/bin': executables(), '/etc/cni/net.d': networks, '/tmp': scratch }

const ipam = { type: 'host-local', subnet: '10.9.9.0/30', rangeStart: '10.9.9.2', rangeEnd: '10.9.9.2' }
const bridge = { type: 'bridge', name: 'stuck', cniVersion: '1.0.0' }

/** A page has `…` where a sentence varies. */
function saysAsThePage(said: string, sentence: string): void {
  assert.ok(page.includes(`\`${sentence}\``), `the page has: ${sentence}`)
  for (const part of sentence.split('…')) assert.ok(said.includes(part), `${said} has: ${part}`)
}

test('the page’s call of STATUS, and its attempt by hand, work with a list of the examples', async () => {
  mkdirSync(networks)
  for (const name of ['bridge', 'mynet'])
    writeFileSync(
      `${networks}/10-${name}.conflist`,
      readFileSync(join(import.meta.dirname, '../../conf-examples/20-bridge-masquerade.conflist')),
    )
  const [, status] = blocksOf('stuck-pod.md', '2. The node has no network')
  assert.is(await runBlock(status ?? '', names, scratch), '')
  const [byHand] = blocksOf('stuck-pod.md', '6. By hand')
  const said = await runBlock(byHand ?? '', names, scratch)
  assert.match(said, '"sandbox": "/run/netns/try"')
  assert.match(said, 'status 0')
})

const slips: [sentence: string, code: number, config: Call['config']][] = [
  ['incompatible CNI versions', 1, { ...bridge, cniVersion: '9.9.0' }],
  ['unknown key …, did you mean …', 7, { ...bridge, hairpinmod: true }],
  ['master: the host has no interface …', 7, { ...bridge, type: 'macvlan', master: 'nic7' }],
  ['ipam.type is "…", which is Patchbay\'s own executable', 7, { ...bridge, ipam: { type: 'bridge' } }],
]

for (const [sentence, wanted, config] of slips)
  test(`the page explains: ${sentence}`, async () => {
    const { code, said } = await refused({ config })
    assert.is(code, wanted)
    saysAsThePage(said, sentence)
  })

test('the page explains a full range, and an interface that is there already', async () => {
  const first = newContainer()
  await added({ config: { ...bridge, ipam }, containerID: 'first', netns: first.path })
  const full = await refused({ config: { ...bridge, ipam }, containerID: 'second' })
  assert.is(full.code, 11)
  saysAsThePage(full.said, 'no IP addresses available in range set')
  const again = await refused({ config: bridge, containerID: 'second', netns: first.path }, first)
  assert.is(again.code, 4)
  saysAsThePage(again.said, 'the container has an interface eth0 already')
})

test.run()
