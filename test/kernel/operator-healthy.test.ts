/** A healthy node: doctor is silent and status says ok, with the lists of conf-examples in their place, and containers on each. */
// needs: nft ip

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import type { answer } from '../../cli/answers/status.ts'
import { attach } from '../harness/attach.ts'
import { findings, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { farHost, privateHost } from '../harness/host.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { answerOf, newDirectory, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()

type Status = z.infer<typeof answer>

const lists = '/etc/cni/net.d'
ownEtc(lists, '/etc/containerd', '/etc/containers/networks')
farHost()

const bin = newDirectory()
operate(`${executables()}/patchbay`, `install --to ${bin}`)
const patchbay = `${bin}/patchbay`

/** Those that need no NIC. `examples-check` looks at each example; here all are on one node. */
const examples = [
  ...[
    '10-bridge',
    '20-bridge-masquerade',
    '30-bridge-dual-stack',
    '50-bridge-l2',
    '100-ptp',
    '101-ptp-masquerade',
  ],
  ...['210-bandwidth', '220-portmap', '240-tuning', '250-kubernetes', '251-nomad'],
]

function write(example: string): void {
  writeFileSync(
    `${lists}/${example}.conflist`,
    JSON.stringify(exampleNetwork(`${example}.conflist`), null, 2),
  )
}

/** Of the other programs' side: containerd of a version, which takes plugins from our directory. */
const programs = newDirectory()
const runtime = { PATH: `${programs}:${process.env.PATH}` }

test('all examples on one node, two containers each: nothing is found, before and while they live', async () => {
  for (const example of examples) write(example)
  await silent()
  await silent('--before')
  const live = []
  for (const example of examples) {
    const net = exampleNetwork(`${example}.conflist`)
    const wishes = {
      capabilities: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] },
    }
    live.push(await attach(net, example === '220-portmap' ? wishes : {}), await attach(net))
  }
  assert.equal(findings(), [])
  const status = await answerOf<Status>(patchbay, 'status')
  assert.equal(
    [status.worst, status.attachments],
    ['ok', { live: 2 * examples.length, ended: 0, unknown: 0 }],
  )
  assert.is(status.lists.length, examples.length)
  const kubernetes = status.ranges.find(
    ({ network }) => network === exampleNetwork('10-bridge.conflist').name,
  )
  assert.equal([kubernetes?.used, kubernetes?.oldest?.address !== undefined], [2, true])
  assert.equal(status.plugins.find(({ directory }) => directory === bin)?.others, [])
  for (const { del } of live) await del()
  await silent()
  for (const example of examples) rmSync(`${lists}/${example}.conflist`)
})

test('with containerd and its list: its version and directory are shown; a fault is on its line, with the remedy', async () => {
  writeFileSync(`${programs}/containerd`, '#!/bin/sh\necho containerd github.com/x 1.7.24\n', { mode: 0o755 })
  writeFileSync('/etc/containerd/config.toml', `[plugins.cri.cni]\nbin_dir = "${bin}"\n`)
  write('250-kubernetes')
  await silent('', runtime)
  const net = exampleNetwork('250-kubernetes.conflist')
  const one = await attach(net)
  const status = await answerOf<Status>(patchbay, 'status', '', 0, runtime)
  const runtimes = status.runtimes.filter(({ name }) => name === 'containerd')
  assert.equal(runtimes, [{ name: 'containerd', version: '1.7.24', running: false, cni: true }])
  assert.equal(
    status.lists.map(({ network, wins }) => [network, wins]),
    [[net.name, true]],
  )
  const [plugins] = status.plugins
  assert.equal([plugins?.directory, plugins?.engine, plugins?.others], [bin, 'quickjs', []])
  await vanish(one)
  const sick = await answerOf<Status>(patchbay, 'status', '', 1, runtime)
  const line = sick.lines.find(({ subject }) => subject === 'attachments')
  assert.equal([line?.state, line?.remedy], ['leak', 'patchbay doctor'])
  assert.match(operate(patchbay, 'status --brief', 1, runtime), /^leak: .*0 attachments live, 1 leak\n$/)
  operate(patchbay, 'gc')
  assert.match(operate(patchbay, 'status', 0, runtime), /^ok +doctor +no finding$/m)
})

test('another user than root sees what the kernel allows; the rest is named, and is no finding', async () => {
  mkdirSync('/run/patchbay', { recursive: true, mode: 0o700 })
  const one = await attach(exampleNetwork('250-kubernetes.conflist'))
  for (const verb of ['doctor', 'status']) {
    const { status, stdout, stderr } = spawnSync(patchbay, [verb], {
      uid: 65534,
      gid: 65534,
      encoding: 'utf8',
      env: runtime,
    })
    assert.is(status, 0, stdout + stderr)
    assert.match(stderr, /not seen: .*(EACCES|cannot be looked at)\n {2}run it as root/)
    if (verb === 'doctor') assert.is(stdout, '')
    else {
      assert.match(stdout, /^unseen +attachments +this process may not look$/m)
      assert.match(stdout, /^ok +plugins +\S+: \d+ of Patchbay/m)
    }
  }
  await one.del()
})

test.run()
