/** The masquerade on a real kernel: the addresses that a far host sees, and the rules in nftables and iptables. */
// needs: nft ip
// packages: containernetworking-plugins

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import {
  addMasquerade,
  checkMasquerade,
  collectMasquerade,
  type MasqueradeBackend,
  masqueradeStatus,
  removeMasquerade,
} from '../../shared/firewall/masquerade.ts'
import { chainName } from '../../shared/firewall/reference-names.ts'
import { netfilter } from '../../shared/firewall/table.ts'
import { bare } from '../harness/address.ts'
import { command } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost } from '../harness/host.ts'
import { fixed } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, sourcesAt, twice } from '../harness/traffic.ts'
import { type Container, cidrs, connect, elements, newBridge, ruleset } from './firewall-containers.ts'

await privateHost()
const farMirror = await mirrorIn(farHost())
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
newBridge('br1', '10.89.16.1/20', 'fd89::1/112')
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
const other = await connect('br1', 'one', '10.89.16.2/20', 'fd89::2/112')
const neighbour = await mirrorIn(two.netns)

const backends: MasqueradeBackend[] = ['nftables', 'iptables']
const add = ({ attachment, addresses }: Container, backend?: MasqueradeBackend) =>
  addMasquerade(attachment, cidrs(...addresses), backend)
const check = ({ attachment, addresses }: Container, backend?: MasqueradeBackend) =>
  checkMasquerade(attachment, cidrs(...addresses), backend)
const remove = ({ attachment }: Container) => removeMasquerade(attachment)

/** The addresses that the far host sees of a container. */
const seenFrom = ({ netns }: Container) => sourcesAt(farMirror, netns, Object.values(far))

const host = twice(Object.values(near))
const own = ({ addresses }: Container) => twice(addresses.map(bare))

/** Patchbay's and the reference's lines in iptables, of both families. */
function iptablesRules(kind: 'nft' | 'legacy' = 'nft'): string[] {
  return ['iptables', 'ip6tables'].flatMap((program) =>
    command(`${program}-${kind}-save`, '-t', 'nat')
      .split('\n')
      .filter((line) => line.includes('CNI-')),
  )
}

/** A test; afterwards the containers are deleted, and nothing may be left. */
function scenario(sentence: string, play: () => Promise<unknown>): void {
  test(sentence, async () => {
    try {
      await play()
    } finally {
      for (const container of [one, two, other]) await remove(container)
    }
    const left = [...ruleset().filter(({ table }) => table?.name === 'patchbay'), ...iptablesRules()]
    command('nft', 'flush', 'ruleset')
    assert.equal(left, [])
  })
}

for (const backend of backends) {
  scenario(
    `${backend}: the far host sees the host's address from ADD to DEL, and the container's own before and after`,
    async () => {
      assert.equal(seenFrom(one), own(one))
      await add(one, backend)
      assert.equal(seenFrom(one), host)
      assert.equal(seenFrom(two), own(two))
      await remove(one)
      assert.equal(seenFrom(one), own(one))
    },
  )

  scenario(`${backend}: a neighbour in the same subnet sees the container's own address`, async () => {
    await add(one, backend)
    assert.is(neighbour.sourceOf(one.netns, '10.88.0.3', 'tcp'), '10.88.0.2')
    assert.is(neighbour.sourceOf(one.netns, 'fd88::3', 'udp'), 'fd88::2')
  })

  scenario(
    `${backend}: networks with different prefix lengths work together, and none masquerades within its own subnet`,
    async () => {
      await add(one, backend)
      await add(other, backend)
      assert.equal(seenFrom(one), host)
      assert.equal(seenFrom(other), host)
      await remove(one)
      assert.equal(seenFrom(other), host)
    },
  )

  scenario(
    `${backend}: ADD again with other addresses replaces the first, and a second DEL succeeds`,
    async () => {
      await add(one, backend)
      await addMasquerade(one.attachment, cidrs('10.88.0.77/24'), backend)
      assert.equal(seenFrom(one), own(one))
      await checkMasquerade(one.attachment, cidrs('10.88.0.77/24'), backend)
      await remove(one)
      await remove(one)
    },
  )

  scenario(`${backend}: CHECK succeeds after ADD, and names what is missing after DEL`, async () => {
    await add(one, backend)
    await check(one, backend)
    await check(one)
    await remove(one)
    const error = await caught(check(one, backend))
    assert.match(error.message, /10\.88\.0\./)
    assert.match(error.details, backend === 'nftables' ? 'nft get element ip' : 'iptables-save -t nat')
  })

  scenario(`${backend}: GC removes only stale attachments of its own network`, async () => {
    for (const container of [one, two, other]) await add(container, backend)
    const collected = await collectMasquerade('zero', [two.attachment])
    assert.is(collected, 2)
    assert.equal(seenFrom(one), own(one))
    assert.equal([...seenFrom(two), ...seenFrom(other)], [...host, ...host])
    assert.is(await collectMasquerade('zero', [two.attachment]), 0)
    assert.is(await collectMasquerade('on', []), 0)
  })

  scenario(`${backend}: STATUS succeeds and leaves nothing`, async () => {
    assert.is(await masqueradeStatus(backend), undefined)
    assert.is(await masqueradeStatus(), undefined)
    await add(one, backend)
    assert.is(await masqueradeStatus(backend), undefined)
  })
}

scenario(
  'nftables: a container has two map elements whose comment names it, used by constant rules',
  async () => {
    await addMasquerade(one.attachment, cidrs('10.88.0.2/24', '10.88.0.9/24'))
    const comment = 'zero/c1/eth0'
    const goto = { goto: { target: 'masquerade-10.88.0.0/24' } }
    const sorted = elements('ip', 'masquerade-addresses')
      .map((element) => JSON.stringify(element))
      .sort()
    assert.equal(sorted, [
      JSON.stringify([{ elem: { val: '10.88.0.2', comment } }, goto]),
      JSON.stringify([{ elem: { val: '10.88.0.9', comment } }, goto]),
    ])
    const [record] = elements('ip', 'masquerade-attachments') as unknown as [[{ elem: object }, string]]
    assert.match(JSON.stringify(record), `"comment":"${comment}"`)
    assert.is(ruleset().filter(({ rule }) => rule).length, 5)
  },
)

scenario('nftables: nft prints the whole ruleset and loads its own output again', async () => {
  await add(other)
  const listing = command('nft', 'list', 'table', 'ip6', 'patchbay')
  assert.match(listing, /elements = \{ fd89::2 comment "one\/c3\/eth0" : goto masquerade-fd89__\/112 \}/)
  assert.match(
    listing,
    /type nat hook postrouting priority srcnat; policy accept;\s+ip6 saddr vmap @masquerade-addresses/,
  )
  assert.match(listing, /ip6 daddr fd89::\/112 return\s+goto masquerade-outside/)
  assert.match(listing, /ip6 daddr ff00::\/8 return\s+masquerade/)
  command('nft', 'delete', 'table', 'ip6', 'patchbay')
  command('sh', '-c', `nft -f - <<'EOF'\n${listing}EOF`)
  await check(other)
})

scenario(
  'nftables: chains that another program added to the table stay after DEL of the last container',
  async () => {
    await add(one)
    command('nft', 'add chain ip patchbay theirs')
    await remove(one)
    const left = ruleset().filter(({ table, chain, map }) => table ?? chain ?? map)
    assert.equal(
      left.map((entry) => Object.values(entry)[0]?.name),
      ['patchbay', 'theirs'],
    )
    command('nft', 'delete table ip patchbay')
  },
)

scenario(
  'nftables: the address of a lost container goes to its new holder, and a late DEL does not remove that',
  async () => {
    await addMasquerade({ ...one.attachment, containerID: 'lost' }, cidrs('10.88.0.2/25'))
    await add(one)
    await removeMasquerade({ ...one.attachment, containerID: 'lost' })
    assert.equal(seenFrom(one), host)
    await check(one)
  },
)

scenario('nftables: DEL of an unknown container sends six look-ups and no transaction', async () => {
  await add(one)
  const before = netfilter().sequence
  await remove(two)
  // The generation, one look-up in each family, the reference's chain, and a look-up of iptables' table in each.
  assert.is(netfilter().sequence - before, 6)
})

scenario('nftables: with a thousand containers DEL sends as many messages as with two', async () => {
  const cost = async () => {
    await addMasquerade(two.attachment, cidrs('10.90.255.2/16'))
    const before = netfilter().sequence
    await remove(two)
    return netfilter().sequence - before
  }
  const addresses = Array.from({ length: 1000 }, (_, index) => `10.90.${index >> 8}.${index & 255}/16`)
  await addMasquerade(one.attachment, cidrs(...addresses.slice(0, 1)))
  const few = await cost()
  for (const [index, address] of addresses.entries())
    await addMasquerade({ network: 'crowd', containerID: `c${index}`, ifname: 'eth0' }, cidrs(address))
  assert.is(await cost(), few)
  assert.is(await collectMasquerade('crowd', []), 1000)
})

for (const [what, change] of Object.entries({
  'an element': 'delete element ip patchbay masquerade-addresses { 10.88.0.2 }',
  'the rules of the subnet': 'flush chain ip patchbay masquerade-10.88.0.0/24',
  'the rule of the base chain': 'flush chain ip patchbay masquerade-postrouting',
})) {
  scenario(`nftables: CHECK notices that ${what} is gone, and DEL still works`, async () => {
    await add(one)
    command('nft', change)
    const error = await caught(check(one))
    assert.match(error.message, /masquerade-/)
    assert.match(error.details, /see: nft /)
    command('nft', 'delete table ip patchbay')
  })
}

scenario('nftables: after another program flushed all rules, ADD makes everything again', async () => {
  await add(one)
  command('nft', 'flush', 'ruleset')
  await add(two)
  assert.equal(seenFrom(two), host)
})

/** Runs a number of workers at once. @returns the output of those that failed */
async function atOnce(words: string[][], ...before: string[]): Promise<string[]> {
  const worker = new URL('firewall-worker.ts', import.meta.url).pathname
  const failures = words.map(async (args) => {
    const [file = '', ...rest] = [...before, process.execPath, worker, ...args]
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'ignore'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
    })
    const [status] = await once(child, 'close')
    return status === 0 ? [] : [output]
  })
  return (await Promise.all(failures)).flat()
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 2))

scenario('nftables: twenty processes add at once, then some remove while others add again', async () => {
  assert.equal(await atOnce(numbers(20).map((number) => ['add', number])), [])
  assert.is(elements('ip', 'masquerade-addresses').length, 20)
  assert.is(elements('ip6', 'masquerade-attachments').length, 20)
  assert.equal(await atOnce(numbers(12).map((number, index) => [index % 2 ? 'remove' : 'add', number])), [])
  assert.is(elements('ip', 'masquerade-addresses').length, 14)
  assert.is(await collectMasquerade('many', []), 28)
})

scenario('nftables: processes that add and remove at once never see an incomplete table', async () => {
  assert.equal(await atOnce(numbers(12).map((number) => ['cycle', number])), [])
})

scenario('iptables: a dozen processes add at once, then all remove', async () => {
  assert.equal(await atOnce(numbers(12).map((number) => ['add', number, 'iptables'])), [])
  assert.is(iptablesRules().filter((line) => line.startsWith('-A POSTROUTING')).length, 24)
  assert.equal(await atOnce(numbers(12).map((number) => ['remove', number])), [])
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

/** Calls Debian's build of the reference's bridge for a container of its own. */
function reference(
  verb: 'ADD' | 'DEL',
  { netns, attachment }: Pick<Container, 'netns' | 'attachment'>,
  prevResult?: object,
): string {
  const ipam = fixed('10.91.0.2/24')
  const config = {
    cniVersion: '1.0.0',
    name: attachment.network,
    type: 'bridge',
    bridge: 'br9',
    ipMasq: true,
    ipam,
    prevResult,
  }
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: attachment.containerID,
    CNI_NETNS: netns.path,
    CNI_IFNAME: attachment.ifname,
    CNI_PATH: '/usr/lib/cni',
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  }
  const { status, stdout } = spawnSync('/usr/lib/cni/bridge', {
    input: JSON.stringify(config),
    env,
    encoding: 'utf8',
  })
  assert.is(status, 0, stdout)
  return stdout
}

scenario(
  'iptables: Patchbay’s DEL removes the reference’s rules, and the reference’s DEL removes Patchbay’s',
  async () => {
    const netns = newContainer()
    const container = { netns, attachment: { network: 'old', containerID: netns.name, ifname: 'eth0' } }
    const result = JSON.parse(reference('ADD', container))
    assert.is(iptablesRules().length, 4)
    await removeMasquerade(container.attachment)
    assert.equal(iptablesRules(), [])
    await addMasquerade(container.attachment, cidrs('10.91.0.2/24'), 'iptables')
    assert.is(iptablesRules().length, 4)
    reference('DEL', container, result)
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
  assert.equal(await atOnce([['add', '2']], ...withoutNftables), [])
  assert.is(iptablesRules().filter((line) => line.startsWith('-A POSTROUTING')).length, 2)
  assert.equal(await atOnce([['remove', '3']], ...withoutNftables), [])
  await removeMasquerade({ network: 'many', containerID: 'c2', ifname: 'eth0' })
})

scenario(
  'on a kernel without nf_tables, the back end nftables is an error that names the other back end',
  async () => {
    const [failure = ''] = await atOnce([['add', '2', 'nftables']], ...withoutNftables)
    const { code, message, details } = JSON.parse(failure)
    assert.is(code, 50)
    assert.match(message, 'EPROTONOSUPPORT')
    assert.match(details, 'set "ipMasqBackend" to "iptables"')
  },
)

scenario('without any back end, the error has the reason for each', async () => {
  const [failure = ''] = await atOnce([['add', '2']], ...withoutBoth)
  const { code, message, details } = JSON.parse(failure)
  assert.is(code, 50)
  assert.match(message, /nftables: .*EPROTONOSUPPORT.* iptables: iptables-restore is not installed/)
  assert.match(details, 'install the package iptables')
})

test.run()
