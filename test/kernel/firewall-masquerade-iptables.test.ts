/** The masquerade by iptables: the reference's rules, either kind of iptables, and kernels without nf_tables. */
// needs: nft ip, iptables
// packages: containernetworking-plugins

import * as assert from 'uvu/assert'
import { addMasquerade, collectMasquerade, removeMasquerade } from '../../shared/firewall/masquerade.ts'
import { chainName } from '../../shared/firewall/reference-names.ts'
import { command } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { fixed } from '../harness/networks.ts'
import { reference } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { retried } from '../harness/until.ts'
import { isLateForReference } from '../harness/way-calls.ts'
import { atOnce, numbers } from '../harness/workers.ts'
import { type Container, cidrs, connect, newBridge } from './firewall-containers.ts'
import { add, check, iptablesRules, remove, scenarioWith, worker } from './masquerade-containers.ts'

await privateHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
const scenario = scenarioWith(one, two)

scenario('iptables: a dozen processes add at once, then all remove', async () => {
  assert.equal(
    await atOnce(
      worker,
      numbers(12).map((number) => ['add', number, 'iptables']),
    ),
    [],
  )
  assert.is(iptablesRules().filter((line) => line.startsWith('-A POSTROUTING')).length, 24)
  assert.equal(
    await atOnce(
      worker,
      numbers(12).map((number) => ['remove', number]),
    ),
    [],
  )
})

scenario('iptables: the rules have the form of the reference’s', async () => {
  await add(one, 'iptables')
  const chain = chainName(one.attachment)
  const comment = '-m comment --comment "name: \\"zero\\" id: \\"c1\\""'
  assert.equal(iptablesRules().slice(0, 4), [
    `:${chain} - [0:0]`,
    `-A POSTROUTING -s 10.88.0.2/32 ${comment} -j ${chain}`,
    `-A ${chain} -d 10.88.0.0/24 ${comment} -j ACCEPT`,
    `-A ${chain} ! -d 224.0.0.0/4 ${comment} -j MASQUERADE`,
  ])
})

/** Calls the reference's bridge for a container of its own. @returns its result */
async function bridge(
  verb: 'ADD' | 'DEL',
  { netns, attachment }: Pick<Container, 'netns' | 'attachment'>,
  prevResult?: object,
) {
  const own = { type: 'bridge', name: attachment.network, cniVersion: '1.0.0', bridge: 'br9', ipMasq: true }
  const config = { ...own, ipam: fixed('10.91.0.2/24'), prevResult }
  const { status, json } = await reference({ verb, config, containerID: netns.name, netns: netns.path })
  assert.is(status, 0, JSON.stringify(json))
  return json
}

scenario(
  'iptables: Patchbay’s DEL removes the reference’s rules, and the reference’s DEL removes Patchbay’s',
  async () => {
    const netns = newContainer()
    const container = { netns, attachment: { network: 'old', containerID: netns.name, ifname: 'eth0' } }
    const result = await retried(
      () => bridge('ADD', container),
      isLateForReference,
      () => bridge('DEL', container),
    )
    assert.is(iptablesRules().length, 4)
    await removeMasquerade(container.attachment)
    assert.equal(iptablesRules(), [])
    await addMasquerade(container.attachment, cidrs('10.91.0.2/24'), 'iptables')
    assert.is(iptablesRules().length, 4)
    await bridge('DEL', container, result)
    assert.equal(iptablesRules(), [])
  },
)

scenario('iptables: DEL finds rules of iptables-legacy, whichever iptables the host uses now', async () => {
  const chain = chainName(one.attachment)
  const rules = [
    '*nat',
    `-N ${chain}`,
    `-A ${chain} -j MASQUERADE`,
    `-A POSTROUTING -s 10.88.0.2 -j ${chain}`,
  ]
  command('sh', '-c', `printf '%s\\n' "$@" COMMIT | iptables-legacy-restore --noflush`, 'sh', ...rules)
  assert.is(iptablesRules('legacy').length, 3)
  await remove(one)
  assert.equal(iptablesRules('legacy'), [])
})

scenario(
  'iptables: with a table that nft has changed, CHECK fails with the remedy, and DEL still succeeds',
  async () => {
    await add(one, 'iptables')
    await add(two, 'iptables')
    command('nft', 'add set ip nat s { type ipv4_addr; }; add rule ip nat POSTROUTING ip saddr @s masquerade')
    const error = await caught(check(one, 'iptables'))
    assert.match(error.message, /incompatible/)
    assert.match(error.details, 'let the configuration use nftables')
    await remove(one)
    assert.is(await collectMasquerade('zero', []), 2)
  },
)

/** strace makes the process's own sockets fail as on a kernel without nf_tables; iptables is not traced. */
const withoutNftables = ['strace', '-o', '/dev/null', '-e', 'inject=socket:error=EPROTONOSUPPORT']
/** The same, and without iptables in PATH. */
const withoutBoth = [
  'unshare',
  '-m',
  'sh',
  '-c',
  'mount -t tmpfs tmpfs /usr/sbin && exec "$@"',
  'sh',
  ...withoutNftables,
]

scenario('on a kernel without nf_tables, iptables is used, and DEL succeeds', async () => {
  assert.equal(await atOnce(worker, [['add', '2']], ...withoutNftables), [])
  assert.is(iptablesRules().filter((line) => line.startsWith('-A POSTROUTING')).length, 2)
  assert.equal(await atOnce(worker, [['remove', '3']], ...withoutNftables), [])
  await removeMasquerade({ network: 'many', containerID: 'c2', ifname: 'eth0' })
})

scenario(
  'on a kernel without nf_tables, the back end nftables is an error that names the other back end',
  async () => {
    const [failure = ''] = await atOnce(worker, [['add', '2', 'nftables']], ...withoutNftables)
    const { code, message, details } = JSON.parse(failure)
    assert.is(code, 50)
    assert.match(message, 'EPROTONOSUPPORT')
    assert.match(details, 'set "ipMasqBackend" to "iptables"')
  },
)

scenario('without any back end, the error has the reason for each', async () => {
  const [failure = ''] = await atOnce(worker, [['add', '2']], ...withoutBoth)
  const { code, message, details } = JSON.parse(failure)
  assert.is(code, 50)
  assert.match(message, /nftables: .*EPROTONOSUPPORT.* iptables: iptables-restore is not installed/)
  assert.match(details, 'install the package iptables')
})

test.run()
