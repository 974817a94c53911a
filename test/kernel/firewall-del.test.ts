/** firewall alone: DEL and GC in every situation, lost records and rules, addresses that change hands, chains that others fill. */
// needs: nft ip, nft bridge

import { globSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { reapplyFilter } from '../../shared/firewall/filter.ts'
import { kept } from '../../shared/firewall/filter-record.ts'
import { added, done, errorOf } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { faultsOf } from '../harness/faults.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { type Call, type Configuration, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import {
  clean,
  del,
  foreignChain,
  type Keys,
  kinds,
  makeBridge,
  ours,
  prepared,
  rules,
  section,
} from './firewall-prepared.ts'

await privateHost()
makeBridge()
test.before.each(clean)

for (const [what, keys] of Object.entries(kindsOfRecords()))
  test(`${what}: after a flush of all rules, what was recorded is added again, and CHECK passes`, async () => {
    const all = [prepared(keys), prepared(keys, ['10.60.0.3/24', 'fd60::3/64'])]
    for (const { request } of all) await added(request)
    command('nft', 'flush ruleset')
    for (const { request } of all) assert.is((await call({ verb: 'CHECK', ...request })).status, 1)
    for (const filter of kept.all()) await reapplyFilter(filter)
    for (const { request } of all) assert.equal(await call({ verb: 'CHECK', ...request }), done)
    for (const { request } of all) assert.equal(await del(request), done)
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI/)
  })

function kindsOfRecords(): Record<string, Keys> {
  return {
    'isolated by nftables': { ingressPolicy: 'isolated' },
    'same-bridge by iptables': { ingressPolicy: 'same-bridge', backend: 'iptables' },
  }
}

/** The situations of a DEL, as runtimes make them. */
const situations: Record<string, (request: ReturnType<typeof prepared>) => Omit<Call, 'verb'>> = {
  'with everything': ({ request }) => request,
  'without prevResult': ({ request }) => ({
    ...request,
    config: { ...request.config, prevResult: undefined },
  }),
  'without CNI_NETNS and prevResult': ({ request }) => ({
    ...request,
    netns: '',
    config: { ...request.config, prevResult: undefined },
  }),
  'with the namespace gone': ({ request, container }) => {
    removeContainer(container)
    return request
  },
  'with an invalid configuration': ({ request }) => ({
    ...request,
    config: { ...request.config, backend: 7, ingressPolicy: 'x', acceptInto: 5, prevResult: 'none' },
  }),
  'with another configuration': ({ request }) => ({
    ...request,
    config: { ...section, backend: 'firewalld' },
  }),
  'after the network got another name': ({ request }) => ({
    ...request,
    config: { ...request.config, name: 'renamed' },
  }),
  'after the ruleset was flushed': ({ request }) => {
    command('nft', 'flush ruleset')
    return request
  },
}

for (const [what, keys] of Object.entries(kinds))
  for (const [how, changed] of Object.entries(situations))
    test(`${what}: DEL ${how} leaves nothing, twice`, async () => {
      foreignChain()
      const attachment = prepared(keys)
      await added(attachment.request)
      const request = changed(attachment)
      for (let twice = 0; twice < 2; twice++) assert.is((await del(request)).status, 0)
      assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
      assert.equal(ours(), [])
    })

for (const [what, keys] of Object.entries({ ...kinds, 'open by iptables': { backend: 'iptables' } }))
  for (const [how, damage] of Object.entries({
    'is damaged': (file: string) => writeFileSync(file, '{"network"'),
    'is lost': (file: string) => rmSync(file),
  }))
    test(`${what}: a record that ${how}: DEL and GC leave nothing`, async () => {
      foreignChain()
      for (const verb of ['DEL', 'GC'] as const) {
        const { request } = prepared(keys)
        await added(request)
        for (const file of globSync('/run/patchbay/firewall/filter/*.json')) damage(file)
        const gc = { ...section, 'cni.dev/valid-attachments': [] }
        const config = verb === 'GC' ? gc : request.config
        if (verb === 'GC' && !('ingressPolicy' in keys)) await del(request)
        assert.is((await call({ ...request, verb, config })).status, 0)
        assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
        assert.equal(ours(), [])
      }
    })

for (const [what, keys] of Object.entries(kinds))
  test(`${what}: a late DEL leaves the container that has got the address, and its neighbours, what they have`, async () => {
    foreignChain()
    const [first, second] = [prepared(keys), prepared(keys)]
    await added(first.request)
    await added(second.request)
    assert.equal(await del(first.request), done)
    assert.equal(await del({ ...first.request, config: { ...first.request.config, ...keys } }), done)
    assert.equal(await call({ verb: 'CHECK', ...second.request }), done)
    assert.equal(await del(second.request), done)
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
    assert.equal(ours(), [])
  })

test('a container that gets the address of one with hostIngress may not reach the host by that', async () => {
  const former = prepared({ backend: 'iptables', hostIngress: 'allow' })
  const next = prepared({ backend: 'iptables' })
  await added(former.request)
  assert.match(rules(), '-A PATCHBAY-INPUT -s 10.60.0.2/32')
  await added(next.request)
  assert.not.match(rules(), '-A PATCHBAY-INPUT -s')
  for (const { request } of [former, next]) assert.equal(await del(request), done)
  assert.not.match(rules(), /CNI-|PATCHBAY/)
})

test('an ADD that is repeated without DEL replaces what the first had', async () => {
  const { request } = prepared({ backend: 'iptables' })
  await added(request)
  const prevResult = { ...request.config.prevResult, ips: [{ address: '10.60.0.7/24', interface: 2 }] }
  await added({ ...request, config: { ...request.config, prevResult } })
  assert.not.match(rules(), '10.60.0.2')
  assert.equal(await del(request), done)
  assert.not.match(rules(), 'CNI-')
})

test('an admin chain that others fill is entered first, never emptied and never removed', async () => {
  command('sh', '-c', 'iptables -N NOMAD-ADMIN; iptables -A NOMAD-ADMIN -s 192.0.2.7/32 -j ACCEPT')
  const { request } = prepared({ backend: 'iptables', iptablesAdminChainName: 'NOMAD-ADMIN' })
  await added(request)
  const saved = rules()
  assert.match(saved, '-A NOMAD-ADMIN -s 192.0.2.7/32 -j ACCEPT')
  const inForward = saved.split('\n').filter((line) => line.startsWith('-A CNI-FORWARD'))
  assert.match(inForward[0] ?? '', '-j NOMAD-ADMIN')
  assert.not.match(saved, 'CNI-ADMIN')
  assert.equal(await del(request), done)
  assert.match(rules(), '-A NOMAD-ADMIN -s 192.0.2.7/32 -j ACCEPT')
  assert.not.match(rules(), '10.60.0.2')
})

test('the default admin chain stays, and what leads to it, while an operator’s rule is in it', async () => {
  const { request } = prepared({ backend: 'iptables' })
  await added(request)
  command('sh', '-c', 'iptables -A CNI-ADMIN -s 192.0.2.7/32 -j DROP')
  assert.equal(await del(request), done)
  assert.match(rules(), /-A FORWARD .* -j CNI-FORWARD\n(.*\n)*-A CNI-FORWARD .* -j CNI-ADMIN/)
})

test('CHECK makes no chain, whatever is missing', async () => {
  const { request } = prepared({ backend: 'iptables' })
  await added(request)
  command('nft', 'flush ruleset')
  const { status, json } = await call({ verb: 'CHECK', ...request })
  assert.is(status, 1)
  assert.match(String(json?.msg), 'iptables has no rule -A FORWARD')
  assert.is(command('nft', 'list ruleset'), '')
  assert.equal(await del(request), done)
})

test('GC removes what attachments have that are not valid any more, and nothing of others', async () => {
  const all = Object.values(kinds).flatMap((keys, index) => {
    const own = { ...keys, acceptInto: undefined }
    return [prepared(own, [`10.60.1.${index}/24`]), prepared(own, [`10.60.2.${index}/24`])]
  })
  for (const { request } of all) await added(request)
  const valid = all.filter((_, index) => index % 2 === 0)
  const attachments = valid.map(({ container }) => ({ containerID: container.name, ifname: 'eth0' }))
  const gc = (config: Configuration) => call({ verb: 'GC', config: { ...section, ...config } })
  const others = { type: 'firewall', name: 'other', 'cni.dev/valid-attachments': [] }
  assert.equal(await gc(others), done)
  for (const { request } of all) assert.equal(await call({ verb: 'CHECK', ...request }), done)
  assert.equal(await gc({ type: 'firewall', 'cni.dev/valid-attachments': attachments }), done)
  for (const { request } of valid) assert.equal(await call({ verb: 'CHECK', ...request }), done)
  assert.not.match(rules(), '10.60.2.')
  assert.is(ours().filter((line) => line.startsWith('file ')).length, valid.length)
  assert.equal(await gc({ type: 'firewall', 'cni.dev/valid-attachments': [] }), done)
  assert.equal(ours(), [])
  assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI/)
})

test('with /run/patchbay deleted GC still removes the elements of containers that have ended, and those of live ones stay', async () => {
  foreignChain()
  const keys = { ingressPolicy: 'isolated', acceptInto: { table: 'inet foreign', chain: 'fw' } }
  const [live, ended] = [prepared(keys), prepared(keys, ['10.60.0.3/24', 'fd60::3/64'])]
  for (const { request } of [live, ended]) await added(request)
  rmSync('/run/patchbay', { recursive: true })
  const gc = (...valid: string[]) => {
    const attachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }))
    return call({ verb: 'GC', config: { ...section, 'cni.dev/valid-attachments': attachments } })
  }
  const named = () =>
    [live, ended].map(({ container }) => ruleText().split(`net/${container.name}/eth0`).length - 1)
  assert.equal(named(), [6, 6])
  assert.equal(await gc(live.container.name), done)
  assert.equal(named(), [6, 0])
  assert.equal(await gc(), done)
  assert.equal(named(), [0, 0])
  assert.not.match(ruleText(), 'table bridge patchbay')
})

const ruleText = () => command('nft', 'list ruleset')

for (const [what, keys] of Object.entries(kinds))
  test(`${what}: DEL with /run/patchbay read-only fails after it has removed the rules; later it removes the record`, async () => {
    foreignChain()
    const { request } = prepared(keys)
    await added(request)
    command('mount', '--bind', '/run/patchbay', '/run/patchbay')
    command('mount', '-o', 'remount,bind,ro', '/run/patchbay')
    const answer = await del(request)
    command('umount', '/run/patchbay')
    const { code, said } = errorOf(answer)
    assert.is(code, 5, said)
    assert.match(said, 'EROFS')
    assert.match(said, 'findmnt -T /run/patchbay')
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.60/)
    assert.equal(await del(request), done)
    assert.equal(ours(), [])
  })

test('DEL of a firewall that has added no rules has one socket, of netlink: no system bus is asked', async () => {
  const { request } = prepared()
  await added(request)
  const calls = await faultsOf({ verb: 'DEL', ...request })
  assert.is(calls.filter(({ syscall }) => syscall === 'socket').length, 1)
})

test.run()
