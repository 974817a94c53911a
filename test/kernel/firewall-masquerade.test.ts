/** The masquerade on a real kernel: the addresses that a far host sees by either back end, and the maps of nftables. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import {
  addMasquerade,
  checkMasquerade,
  collectMasquerade,
  type MasqueradeBackend,
  masqueradeStatus,
  removeMasquerade,
} from '../../shared/firewall/masquerade.ts'
import { netfilter } from '../../shared/firewall/table.ts'
import { bare } from '../harness/address.ts'
import { command } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { far, farHost, near, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, sourcesAt, twice } from '../harness/traffic.ts'
import { atOnce, numbers } from '../harness/workers.ts'
import { type Container, cidrs, connect, elements, newBridge, ruleset } from './firewall-containers.ts'
import { add, check, remove, scenarioWith, worker } from './masquerade-containers.ts'

await privateHost()
const farMirror = await mirrorIn(farHost())
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
newBridge('br1', '10.89.16.1/20', 'fd89::1/112')
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
const other = await connect('br1', 'one', '10.89.16.2/20', 'fd89::2/112')
const neighbour = await mirrorIn(two.netns)
const scenario = scenarioWith(one, two, other)

const backends: MasqueradeBackend[] = ['nftables', 'iptables']

/** The addresses that the far host sees of a container. */
const seenFrom = ({ netns }: Container) => sourcesAt(farMirror, netns, Object.values(far))

const host = twice(Object.values(near))
const own = ({ addresses }: Container) => twice(addresses.map(bare))

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

  scenario(`${backend}: CHECK takes the addresses in any order`, async () => {
    const addresses = cidrs('10.88.0.2/24', '10.88.0.9/24', 'fd88::2/64')
    await addMasquerade(one.attachment, addresses, backend)
    await checkMasquerade(one.attachment, addresses.toReversed(), backend)
  })

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

scenario('nftables: twenty processes add at once, then some remove while others add again', async () => {
  assert.equal(
    await atOnce(
      worker,
      numbers(20).map((number) => ['add', number]),
    ),
    [],
  )
  assert.is(elements('ip', 'masquerade-addresses').length, 20)
  assert.is(elements('ip6', 'masquerade-attachments').length, 20)
  assert.equal(
    await atOnce(
      worker,
      numbers(12).map((number, index) => [index % 2 ? 'remove' : 'add', number]),
    ),
    [],
  )
  assert.is(elements('ip', 'masquerade-addresses').length, 14)
  assert.is(await collectMasquerade('many', []), 28)
})

scenario('nftables: processes that add and remove at once never see an incomplete table', async () => {
  assert.equal(
    await atOnce(
      worker,
      numbers(12).map((number) => ['cycle', number]),
    ),
    [],
  )
})

test.run()
