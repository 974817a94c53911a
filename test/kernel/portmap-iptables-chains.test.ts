/** Host ports by iptables: the chains that containers share, ports that are taken, many processes at once, and what CHECK, DEL and GC find. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { add, check, collect, has, remove } from '../../shared/firewall/portmap-iptables.ts'
import { portChain } from '../../shared/firewall/portmap-iptables-rules.ts'
import { command } from '../harness/command.ts'
import { cpuSeconds } from '../harness/cpu.ts'
import { caught } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { atOnce, numbers } from '../harness/workers.ts'
import { twoContainers } from './portmap-iptables-host.ts'
import { both, nat, rulesOf } from './portmap-mappings.ts'

await privateHost()
const { one, two, scenario } = await twoContainers()
const worker = new URL('portmap-worker.ts', import.meta.url)

scenario('a chain that sets the mark elsewhere is used, and must exist', async () => {
  const rules = rulesOf(one, { externalSetMarkChain: 'KUBE-MARK-MASQ' })
  const error = await caught(add(rules))
  assert.is(error.code, 7)
  assert.match(error.message, /no chain KUBE-MARK-MASQ in table nat/)
  assert.equal(nat(), [])
  for (const program of ['iptables', 'ip6tables']) command(program, '-t', 'nat', '-N', 'KUBE-MARK-MASQ')
  await add(rules)
  await check(rules)
  assert.ok(nat().some((line) => line.startsWith('-A CNI-DN-') && line.endsWith('-j KUBE-MARK-MASQ')))
  assert.not.ok(nat().some((line) => line.includes('CNI-HOSTPORT-SETMARK')))
  await remove(one.attachment)
  for (const program of ['iptables', 'ip6tables']) command(program, '-t', 'nat', '-X', 'KUBE-MARK-MASQ')
})

scenario(
  'the shared chains go with the last container, but not while another program uses one of them',
  async () => {
    await add(rulesOf(one))
    const shared = nat().filter((line) => /^:CNI-HOSTPORT/.test(line))
    assert.is(shared.length, 6)
    for (const program of ['iptables', 'ip6tables'])
      command(program, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9', '-j', 'CNI-HOSTPORT-SETMARK')
    await remove(one.attachment)
    assert.equal(
      nat().filter((line) => line.startsWith(':')),
      shared,
    )
    for (const program of ['iptables', 'ip6tables'])
      command(program, '-t', 'nat', '-D', 'OUTPUT', '-p', 'tcp', '--dport', '9', '-j', 'CNI-HOSTPORT-SETMARK')
    await add(rulesOf(one))
  },
)

scenario('a port that another container has is refused with its name, and nothing is changed', async () => {
  await add(rulesOf(one))
  const before = nat()
  const error = await caught(add(rulesOf(two)))
  assert.is(error.message, 'host port 8080/tcp is taken by container c1 of network zero')
  assert.equal(nat(), before)
  await add(rulesOf(two, { mappings: [{ protocol: 'sctp', hostPort: 8080, containerPort: 7000 }] }))
})

scenario('an orphaned chain takes no port', async () => {
  await add(rulesOf(one))
  for (const program of ['iptables', 'ip6tables']) command(program, '-t', 'nat', '-F', 'CNI-HOSTPORT-DNAT')
  await add(rulesOf(two))
})

scenario('ADD again with other ports replaces the first, and a second DEL succeeds', async () => {
  await add(rulesOf(one))
  const before = nat()
  await add(rulesOf(one))
  assert.equal(nat(), before)
  await add(rulesOf(one, { mappings: both.map((each) => ({ ...each, hostPort: 8082 })) }))
  assert.not.ok(nat().some((line) => line.includes('8080')))
  await remove(one.attachment)
  await remove(one.attachment)
  assert.is(await has(one.attachment), false)
})

scenario(
  'CHECK of a thousand ports compares them in one pass, and names the rule that is missing',
  async () => {
    const mappings = Array.from({ length: 1000 }, (_, index) => ({
      protocol: 'tcp' as const,
      hostPort: 9000 + index,
      containerPort: 7000,
    }))
    const rules = rulesOf(one, { mappings, masqAll: true })
    await add(rules)
    assert.ok((await cpuSeconds(() => check(rules))) < 5)
    const lost = nat().find((line) => line.includes('--dport 9500 ') && line.includes('DNAT'))
    command('sh', '-c', `iptables -t nat ${lost?.replace('-A', '-D')}`)
    assert.match((await caught(check(rules))).message, /iptables has no rule -A .* --dport 9500 -j DNAT/)
  },
)

for (const [what, words] of Object.entries({
  'the container’s rules': ['-F', portChain(one.attachment)],
  'the rules that lead to them': ['-F', 'CNI-HOSTPORT-DNAT'],
  'the rule that marks': ['-F', 'CNI-HOSTPORT-SETMARK'],
  'the rule that masquerades': ['-F', 'CNI-HOSTPORT-MASQ'],
  'the way into all': ['-D', 'OUTPUT', '1'],
  'the way to the masquerade': ['-F', 'POSTROUTING'],
})) {
  scenario(
    `CHECK succeeds after ADD, and names what is missing when ${what} are gone; DEL still works`,
    async () => {
      await add(rulesOf(one))
      await check(rulesOf(one))
      command('ip6tables', '-t', 'nat', ...words)
      const before = nat()
      const error = await caught(check(rulesOf(one)))
      assert.match(error.message, /ip6tables has no rule -A/)
      assert.match(error.details, 'ip6tables-save -t nat')
      assert.equal(nat(), before)
    },
  )
}

scenario('CHECK without any rules makes none', async () => {
  const error = await caught(check(rulesOf(one)))
  assert.match(error.message, /iptables has no chain/)
})

scenario('GC removes only stale containers of its own network', async () => {
  const ports = (hostPort: number) => ({ mappings: both.map((each) => ({ ...each, hostPort })) })
  const foreign = { ...one, attachment: { ...one.attachment, network: 'zeroes' } }
  await add(rulesOf(one, ports(8081)))
  await add(rulesOf(two, ports(8082)))
  await add(rulesOf(foreign, ports(8083)))
  assert.is(await collect('zero', [two.attachment]), 2)
  await check(rulesOf(two, ports(8082)))
  await check(rulesOf(foreign, ports(8083)))
  assert.is(await collect('zero', [two.attachment]), 0)
  assert.is(await collect('zeroe', []), 0)
  assert.is(await collect('zeroes', []), 2)
})

scenario(
  'a dozen processes add at once, then some remove while others cycle, then all are gone',
  async () => {
    assert.equal(
      await atOnce(
        worker,
        numbers(12).map((number) => ['add', number, `90${number.padStart(2, '0')}`]),
      ),
      [],
    )
    assert.is(nat().filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT')).length, 24)
    const next = numbers(12).map((number, index) => [
      index % 2 ? 'remove' : 'cycle',
      number,
      `91${number.padStart(2, '0')}`,
    ])
    assert.equal(await atOnce(worker, next), [])
  },
)

scenario('of six processes that ask for one port at once, one gets it', async () => {
  const failures = await atOnce(
    worker,
    numbers(6).map((number) => ['add', number, '9000']),
  )
  assert.is(failures.length, 5)
  for (const failure of failures)
    assert.match(JSON.parse(failure).message, /^host port 9000\/tcp is taken by many\/c\d\/eth0/)
  assert.is(nat().filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT')).length, 2)
  for (const number of numbers(6))
    await remove({ network: 'many', containerID: `c${number}`, ifname: 'eth0' })
})

scenario('DEL needs no iptables where its rules are in nf_tables', async () => {
  assert.equal(await atOnce(worker, [['add', '2', '9000']]), [])
  const without = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /usr/sbin && exec "$@"', 'sh']
  assert.equal(await atOnce(worker, [['remove', '2']], ...without), [])
  assert.equal(nat(), [])
})

scenario('DEL works on a table that nft has changed, which iptables refuses', async () => {
  await add(rulesOf(one))
  command('nft', 'add set ip nat s { type ipv4_addr; }; add rule ip nat POSTROUTING ip saddr @s masquerade')
  assert.match((await caught(check(rulesOf(one)))).message, /incompatible/)
  await remove(one.attachment)
  command('nft', 'delete', 'table', 'ip', 'nat')
})

scenario('two networks of one container have chains of their own', async () => {
  const other: Attachment = { ...one.attachment, network: 'other', ifname: 'net1' }
  await add(rulesOf(one))
  await add(
    rulesOf({ ...one, attachment: other }, { mappings: both.map((each) => ({ ...each, hostPort: 8081 })) }),
  )
  await remove(other)
  await check(rulesOf(one))
})

scenario('the error of a table that changes nothing names the program’s words', async () => {
  const [rules] = rulesOf(one, { conditions: ['--no-such-option'] })
  assert.ok(rules)
  const error = await caught(add([rules]))
  assert.match(error.message, /iptables-restore .*no-such-option/s)
  assert.equal(nat(), [])
})

test.run()
