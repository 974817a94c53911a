/** `patchbay ipam`: what holds addresses, what is wrong with them, and their release in two steps. */
// needs: nft ip

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import type { answer as checkAnswer } from '../../cli/answers/ipam-check.ts'
import type { answer as lsAnswer } from '../../cli/answers/ipam-ls.ts'
import type { answer as releaseAnswer } from '../../cli/answers/ipam-release.ts'
import type { answer as showAnswer } from '../../cli/answers/ipam-show.ts'
import { attach } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { bridgeNetwork, ptpNetwork } from '../harness/networks.ts'
import { answerOf, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
ownEtc('/etc/cni/net.d', '/etc/containers/networks')

const file = `${executables()}/patchbay`
const report = `${scratch}/report.json`
const stores = '/var/lib/cni/networks'

const list = (words = '') => answerOf<z.infer<typeof lsAnswer>>(file, 'ipam ls', words)
const show = (words: string) => answerOf<z.infer<typeof showAnswer>>(file, 'ipam show', words)
const check = (status = 1, words = '') =>
  answerOf<z.infer<typeof checkAnswer>>(file, 'ipam check', words, status)
const release = (words: string, status = 0) =>
  answerOf<z.infer<typeof releaseAnswer>>(file, 'ipam release', words, status)
const reserved = ({ name }: { name: string }) => reservedIn(`${stores}/${name}`)

const args = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'shop', K8S_POD_NAME: 'web' }
const bridged = bridgeNetwork({ isGateway: true })
const routed = ptpNetwork()
const [one, other] = [await attach(bridged, { args }), await attach(routed)]

test('ls has each range with what is used, and each address with its holder', async () => {
  const { ranges, holders } = await list()
  assert.equal(
    ranges.map(({ network, subnets, size, used, free }) => [network, subnets[0], size, used, free]),
    [
      ['net1', '10.1.0.0/24', 253, 1, 252],
      ['net1', 'fd00:1::/64', 2 ** 64, 1, 2 ** 64],
      ['net2', '10.2.0.0/24', 253, 1, 252],
      ['net2', 'fd00:2::/64', 2 ** 64, 1, 2 ** 64],
    ],
  )
  assert.equal(
    holders.map(({ address }) => address),
    [...one.addresses, ...other.addresses],
  )
  assert.equal(holders[0]?.pod, 'shop/web')
  assert.ok(holders.every(({ life, age = 99 }) => life === 'lives' && age < 60))
  assert.is((await list('net2')).holders.length, 2)
  assert.is((await list('--ranges')).holders.length, 0)
  const text = operate(file, 'ipam ls')
  assert.match(text, /^net1 +10\.1\.0\.1-10\.1\.0\.254 +10\.1\.0\.0\/24 +1 +252 +253 +0\.4%$/m)
  assert.match(text, /^fd00:2::2 +net2 .* lives$/m)
  assert.match(operate(file, 'ipam ls net3', 2), 'the networks are net1, net2')
})

/** Within the second that it waits. A busy machine may find the answer later than it came. */
const answersSoon = ({ reachable, milliseconds = 9999 }: Awaited<ReturnType<typeof show>>) =>
  reachable === 'answers' && milliseconds < 1000

test('show says which container has an address by files, cache and kernel, and that it answers', async () => {
  for (const { addresses } of [one, other])
    for (const address of addresses) {
      const found = await show(address)
      assert.equal([found.holders.length, found.caches.length, found.namespaces.length], [1, 1, 1], address)
      assert.is(found.way, 'link', address)
      // It waits a second for the answer.
      let again = found
      await until(`${address} answers`, async () => {
        if (!answersSoon(again)) again = await show(address)
        return answersSoon(again)
      })
    }
  const gateway = await show('10.1.0.1')
  assert.equal([gateway.ranges[0]?.role, gateway.way, gateway.holders], ['gateway', 'local', []])
  assert.match(operate(file, 'ipam show 10.1.0.77'), /held by +no container\n.*no answer/)
  assert.match(operate(file, 'ipam show 192.0.2.1'), 'it is in no range of host-local')
  assert.match(operate(file, 'ipam show 10.1.0', 2), 'is no IP address')
})

test('check is silent on a healthy host', async () => {
  assert.equal((await check(0)).findings, [])
  assert.is(operate(file, 'ipam check'), 'nothing found: 4 addresses of host-local, 2 containers\n')
})

test('what ended containers hold is leaked; the report releases exactly that, and nothing of what lives', async () => {
  const ended = await attach(bridged)
  await vanish(ended)
  const { findings } = await check(1, `--report ${report}`)
  assert.equal(
    findings.map((each) => [each.kind, each.kind === 'leaked' && each.holder.address]),
    ended.addresses.map((address) => ['leaked', address]),
  )
  assert.is(statSync(report).mode & 0o777, 0o600)
  assert.match(operate(file, 'ipam check', 1), /leaked +10\.1\.0\.3 .* its container has ended/)
  const before = reserved(bridged).length
  assert.match(
    operate(file, `ipam release --from ${report} --dry-run`),
    /10\.1\.0\.3 of \S+: would be released/,
  )
  assert.is(reserved(bridged).length, before)
  const later = await attach(bridged)
  await vanish(later)
  assert.equal(
    (await release(`--from ${report}`)).map(({ address, outcome }) => [address, outcome]),
    ended.addresses.map((address) => [address, 'released']),
  )
  assert.is(reserved(bridged).length, before - 2 + 2)
  assert.ok((await release(`--from ${report}`)).every(({ outcome }) => outcome === 'gone'))
  for (const address of later.addresses) {
    const [done] = await release(`--ip ${address}`)
    assert.equal([done?.address, done?.outcome], [address, 'released'])
  }
  assert.equal((await check(0)).findings, [])
  for (const container of [ended, later]) await container.del()
})

test('an address that was given to another container since the report stays', async () => {
  const net = ptpNetwork()
  const ended = await attach(net)
  await vanish(ended)
  await check(1, `--report ${report}`)
  await ended.del()
  rmSync(`${stores}/${net.name}/last_reserved_ip.0`)
  const next = await attach(net)
  assert.is(next.addresses[0], ended.addresses[0])
  const done = await release(`--from ${report}`)
  assert.is(done.find(({ address }) => address === next.addresses[0])?.outcome, 'gone')
  await next.check()
  await next.del()
})

test('an address whose container lives, may live, or has no holder is refused', () => {
  assert.match(operate(file, `ipam release --ip ${one.addresses[0]}`, 1), 'which lives')
  assert.match(operate(file, 'ipam release --ip 10.1.0.200', 1), 'is held by no container')
  mkdirSync(`${stores}/old`)
  writeFileSync(`${stores}/old/10.0.0.2`, 'unknown\r\neth0')
  assert.match(operate(file, 'ipam release --ip 10.0.0.2', 1), `rm ${stores}/old/10.0.0.2`)
  rmSync(`${stores}/old`, { recursive: true })
  assert.match(operate(file, 'ipam release', 2), 'either --from FILE or --ip IP')
})

test('a report that was changed leads to no other directory, and one that is none is refused', async () => {
  const ended = await attach(bridged)
  await vanish(ended)
  await check(1, `--report ${report}`)
  const whole = JSON.parse(readFileSync(report, 'utf8'))
  const victim = `${scratch}/victim/net1`
  cpSync(`${stores}/net1`, victim, { recursive: true, preserveTimestamps: true })
  const files = readdirSync(victim)
  const using = (change: object, status: number) => {
    const leaked = whole.leaked.map((one: object) => ({ ...one, ...change }))
    writeFileSync(report, JSON.stringify({ ...whole, leaked }))
    return release(`--from ${report}`, status)
  }
  assert.ok((await using({ directory: victim }, 1)).every(({ outcome }) => outcome === 'failed'))
  for (const address of [`../net2/${other.addresses[0]}`, one.addresses[0], 'lock'])
    assert.ok((await using({ address }, 0)).every(({ outcome }) => outcome === 'gone'))
  assert.equal(readdirSync(victim), files)
  assert.is(reserved(bridged).length, 4)
  writeFileSync(report, '{"version": 2}')
  assert.match(
    operate(file, `ipam release --from ${report}`, 1),
    /it is no report of patchbay ipam check\n.*--report \/tmp\/report\.json$/m,
  )
  await ended.del()
})

test('an address in two containers of a bridge is duplicate, one without a file is unrecorded', async () => {
  const twin = await attach(bridged)
  ip(`-n ${twin.name} address add ${one.addresses[0]}/24 dev eth0`)
  ip(`-n ${other.name} address add 10.2.0.99/32 dev eth0`)
  rmSync(`${stores}/${bridged.name}/${twin.addresses[0]}`)
  const { findings } = await check()
  const [duplicate, ...unrecorded] = findings.flatMap((each) => (each.kind === 'leaked' ? [] : [each]))
  assert.equal([duplicate?.kind, duplicate?.address], ['duplicate', one.addresses[0]])
  assert.equal(
    duplicate?.containers.map(({ by }) => by),
    [['store', 'cache', 'kernel'], ['kernel']],
  )
  assert.equal(
    unrecorded.map(({ kind, address, containers }) => [kind, address, containers[0]?.by.join()]).sort(),
    [
      ['unrecorded', twin.addresses[0], 'cache,kernel'],
      ['unrecorded', '10.2.0.99', 'kernel'],
    ].sort(),
  )
  ip(`-n ${other.name} address del 10.2.0.99/32 dev eth0`)
  await twin.del()
  assert.equal((await check(0)).findings, [])
})

test('a leaked address that a live container has all the same is not released', async () => {
  const ended = await attach(bridged)
  const [address = ''] = ended.addresses
  await vanish(ended)
  ip(`-n ${one.name} address add ${address}/24 dev eth0`)
  const { findings } = await check(1, `--report ${report}`)
  const leaked = findings.filter((each) => each.kind === 'leaked')
  assert.equal(
    leaked.map(({ holder, usedBy }) => [holder.address, usedBy.length]),
    ended.addresses.map((each) => [each, each === address ? 1 : 0]),
  )
  assert.ok((await release(`--from ${report}`)).every((done) => done.address !== address))
  assert.match(operate(file, `ipam release --ip ${address}`, 1), 'its holder has ended, but container')
  assert.ok(readdirSync(`${stores}/${bridged.name}`).includes(address))
  ip(`-n ${one.name} address del ${address}/24 dev eth0`)
  await ended.del()
})

test('hostile holders and ranges harm neither terminal nor JSON, and are never released', async () => {
  const hostile = `\u001b]0;x\u0007\u202e<script>${'x'.repeat(1 << 18)}`
  mkdirSync(`${stores}/bad`)
  writeFileSync(`${stores}/bad/10.3.0.2`, `${hostile}\r\n${hostile}`)
  const net = {
    cniVersion: '1.0.0',
    name: 'bad',
    plugins: [{ type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet: hostile }]] } }],
  }
  writeFileSync('/etc/cni/net.d/bad.conflist', JSON.stringify(net))
  for (const verb of ['ipam ls', 'ipam ls -o json', 'ipam show 10.3.0.2', 'ipam check']) {
    const text = operate(file, verb)
    assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, verb)
    if (!verb.includes('-o')) assert.ok(text.length < 20_000, verb)
  }
  assert.is((await list('bad')).holders[0]?.life, 'unknown')
  assert.ok(operate(file, 'ipam release --ip 10.3.0.2', 1).length < 5000)
  rmSync(`${stores}/bad`, { recursive: true })
  rmSync('/etc/cni/net.d/bad.conflist')
})

test('an address that is lent to another host of a pool has no container here, is not leaked, and is not released', async () => {
  const record = `${stores}/${bridged.name}/10.1.0.77`
  writeFileSync(record, 'pool:far\r\npool')
  const lent = (await list(bridged.name)).holders.find(({ address }) => address === '10.1.0.77')
  assert.equal([lent?.lentTo, lent?.container, lent?.keptFor], ['far', undefined, undefined])
  assert.match(operate(file, 'ipam ls'), 'lent to far')
  assert.match(operate(file, 'ipam show 10.1.0.77'), 'it is lent to host far')
  assert.equal((await check(0)).findings, [])
  assert.match(operate(file, 'ipam release --ip 10.1.0.77', 1), '10.1.0.77 is lent to host far')
  operate(file, 'gc')
  assert.is(readFileSync(record, 'utf8'), 'pool:far\r\npool')
  rmSync(record)
})

test('no look has changed anything', async () => {
  for (const container of [one, other]) {
    await container.check()
    await container.del()
  }
})

test.run()
