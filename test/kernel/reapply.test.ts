/** `patchbay reapply` after `nft flush ruleset`: masquerade, MAC check and host ports of live containers are there again. */
// needs: nft ip, nft bridge, iptables

import { writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { far, farHost, near, privateHost, scratch } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { vanish } from '../harness/vanish.ts'
import { ruleset } from './firewall-containers.ts'
import { rules } from './firewall-rules.ts'

await privateHost()
const outside = farHost()

/** A network with everything that is in the firewall. @param keys of portmap */
function network(keys: Record<string, unknown> = {}): Network {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true })
  const portmap = { type: 'portmap', capabilities: { portMappings: true }, ...keys }
  return { ...net, plugins: [...net.plugins, portmap] }
}

const asking = (hostPort: number) => ({
  capabilities: { portMappings: [{ hostPort, containerPort: 7000, protocol: 'tcp' }] },
})

const reapply = (...flags: string[]) =>
  command(`${executables()}/patchbay`, 'reapply', ...flags)
    .trim()
    .split('\n')
    .sort()

test('after a flush CHECK notices, reapply restores the rules of live containers alone, and traffic passes', async () => {
  const net = network()
  const live = await attach(net, asking(8080))
  const before = rules()
  const ended = await attach(net, asking(8081))
  await vanish(ended)
  command('nft', 'flush', 'ruleset')
  assert.match(await refusal(live.check()), /is missing in.*`patchbay reapply` restores/)
  const flushed = ruleset()
  const dry = reapply('--dry-run')
  assert.equal(ruleset(), flushed)
  const done = reapply()
  assert.is(done.length, 3)
  assert.equal(
    dry,
    done.map((line) => line.replace('is in the firewall', 'would be restored where it is missing')),
  )
  assert.equal(rules(), before)
  await live.check()
  const server = await mirrorIn(live)
  const farServer = await mirrorIn(outside)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.is(farServer.sourceOf(live, far.ipv4, 'tcp'), near.ipv4)
  reapply()
  assert.equal(rules(), before)
  await ended.del()
  await live.del()
  assert.equal(ruleset(), [])
})

test('after a flush reapply closes the host’s 127.0.0.1 again, with host ports by iptables', async () => {
  const net = network({ backend: 'iptables' })
  const live = await attach(net, asking(8080))
  const before = rules()
  command('nft', 'flush', 'ruleset')
  reapply()
  assert.equal(rules(), before)
  await live.check()
  await live.del()
})

test('after a flush the next ADD works without reapply, and every DEL, too', async () => {
  const net = network()
  const one = await attach(net, asking(8080))
  command('nft', 'flush', 'ruleset')
  const two = await attach(net, asking(8081))
  await two.check()
  await one.del()
  await two.check()
  await two.del()
  assert.equal(ruleset(), [])
})

test('a client connects during ten reapplies without a failure, and they change no rule', async () => {
  const live = await attach(network(), asking(8080))
  const server = await mirrorIn(live)
  const rounds = `echo 1024 65000 >/proc/sys/net/ipv4/ip_local_port_range; until [ -e ${scratch}/stop ]; do exec 3<>/dev/tcp/${near.ipv4}/8080 || exit; echo once; done`
  const client = execa('ip', ['netns', 'exec', outside.name, 'bash', '-c', rounds], { reject: false })
  const monitor = execa('nft', ['monitor'], { reject: false })
  const [said, events] = [lines(client), lines(monitor)]
  await until('the client connects', () => said().includes('once'))
  await until('nft listens', () => marked('ready', events))
  const before = events().length
  for (let round = 0; round < 10; round++) reapply()
  await until('nft has told all', () => marked('done', events))
  assert.equal(
    events()
      .slice(before)
      .filter((line) => !/(ready|done)/.test(line) && !line.startsWith('# new generation')),
    [],
  )
  writeFileSync(`${scratch}/stop`, '')
  assert.is((await client).exitCode, 0)
  monitor.kill()
  server.stop()
  await live.del()
})

/** The lines that a program has printed until now. */
function lines({ stdout }: { stdout: Readable }): () => string[] {
  let text = ''
  stdout.on('data', (chunk) => {
    text += chunk
  })
  return () => text.split('\n').filter((line) => line !== '')
}

/** Makes a table and removes it. @returns whether the monitor has told of it */
function marked(name: string, events: () => string[]): boolean {
  for (const verb of ['add', 'delete']) command('nft', verb, 'table', 'ip', name)
  return events().some((line) => line.includes(name))
}

test('reapplies at once after a flush all succeed', async () => {
  const live = await attach(network(), asking(8080))
  const before = rules()
  for (let round = 0; round < 10; round++) {
    command('nft', 'flush', 'ruleset')
    const all = [1, 2, 3].map(() => execa(`${executables()}/patchbay`, ['reapply'], { reject: false }))
    const failed = (await Promise.all(all)).filter(({ exitCode }) => exitCode !== 0)
    assert.equal(
      failed.map(({ stderr }) => stderr),
      [],
    )
    assert.equal(rules(), before)
  }
  await live.del()
  assert.equal(ruleset(), [])
})

test('without any attachment reapply has nothing to do', () => {
  assert.equal(reapply(), ['no rules of containers are recorded'])
  assert.equal(ruleset(), [])
})

test.run()
