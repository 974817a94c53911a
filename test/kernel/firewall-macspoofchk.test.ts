/** The MAC spoof check on a real kernel: which frames of a container pass its port of the bridge. */
// needs: nft bridge

import * as assert from 'uvu/assert'
import { hostIfname } from '../../shared/cni/identity.ts'
import {
  addMacSpoofCheck,
  checkMacSpoofCheck,
  collectMacSpoofCheck,
  removeMacSpoofCheck,
} from '../../shared/firewall/macspoofchk.ts'
import { netfilter } from '../../shared/firewall/table.ts'
import { command, ip } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'
import { type Container, connect, elements, newBridge, ruleset } from './firewall-containers.ts'

await privateHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
const other = await connect('br0', 'one', '10.88.0.4/24')
const foreignMac = '02:00:00:00:00:77'

const add = ({ attachment, mac }: Container) => addMacSpoofCheck(attachment, hostIfname(attachment), mac)
const check = ({ attachment, mac }: Container) => checkMacSpoofCheck(attachment, hostIfname(attachment), mac)
const remove = ({ attachment }: Container) => removeMacSpoofCheck(attachment)

/** The port's name as in nft's JSON. */
const port = ({ attachment }: Container) => hostIfname(attachment)

function setMac({ netns }: Container, mac: string): void {
  ip(`-n ${netns.name} link set eth0 address ${mac}`)
}

/** A test; afterwards all containers have their MAC addresses again, are not checked, and no rule may be left. */
function scenario(sentence: string, play: () => Promise<unknown>): void {
  test(sentence, async () => {
    try {
      await play()
    } finally {
      for (const container of [one, two, other]) {
        await remove(container)
        setMac(container, container.mac)
      }
    }
    const left = ruleset()
    command('nft', 'flush', 'ruleset')
    assert.equal(left, [])
  })
}

scenario('a container reaches others with its own address, and none with another', async () => {
  await add(one)
  assert.ok(pings(one.netns, '10.88.0.3'))
  assert.ok(pings(one.netns, 'fd88::1'))
  setMac(one, foreignMac)
  assert.ok(isSilent(one.netns, '10.88.0.3'))
  assert.ok(isSilent(one.netns, '10.88.0.1'))
})

scenario('a container that is not checked may change its address', async () => {
  await add(one)
  setMac(two, foreignMac)
  assert.ok(pings(two.netns, '10.88.0.1'))
})

scenario('one container’s address is dropped on another’s port', async () => {
  await add(one)
  await add(two)
  setMac(two, '02:00:00:00:00:01')
  setMac(one, two.mac)
  assert.ok(isSilent(one.netns, '10.88.0.1'))
})

scenario('after DEL any address passes, and a second DEL succeeds', async () => {
  await add(one)
  await remove(one)
  await remove(one)
  setMac(one, foreignMac)
  assert.ok(pings(one.netns, '10.88.0.1'))
})

scenario('ADD again with another address replaces the first', async () => {
  await add({ ...one, mac: foreignMac })
  await add(one)
  assert.ok(pings(one.netns, '10.88.0.1'))
  setMac(one, foreignMac)
  assert.ok(isSilent(one.netns, '10.88.0.1'))
})

scenario('a container has three elements, used by three constant rules', async () => {
  await add(one)
  await add(two)
  const comment = 'zero/c1/eth0'
  const find = (set: string) =>
    elements('bridge', set).filter((element) => JSON.stringify(element).includes(comment))
  assert.equal(find('macspoofchk-ports'), [
    [{ elem: { val: port(one), comment } }, { goto: { target: 'macspoofchk-verify' } }],
  ])
  assert.equal(find('macspoofchk-allowed'), [{ elem: { val: { concat: [port(one), one.mac] }, comment } }])
  assert.equal(find('macspoofchk-addresses'), [[{ elem: { val: port(one), comment } }, one.mac]])
  assert.is(ruleset().filter(({ rule }) => rule).length, 3)
  const listing = command('nft', 'list', 'table', 'bridge', 'patchbay')
  assert.match(listing, 'type filter hook prerouting priority dstnat; policy accept;')
  assert.match(listing, /iifname \. ether saddr @macspoofchk-allowed return\s+drop/)
})

for (const [what, change] of Object.entries({
  'the port': `delete element bridge patchbay macspoofchk-ports { ${port(one)} }`,
  'the address': `delete element bridge patchbay macspoofchk-allowed { ${port(one)} . ${one.mac} }`,
  'the verification': 'flush chain bridge patchbay macspoofchk-verify',
  'the rule of the base chain': 'flush chain bridge patchbay macspoofchk-prerouting',
})) {
  scenario(`CHECK succeeds after ADD, and notices that ${what} is gone`, async () => {
    await add(one)
    await check(one)
    command('nft', change)
    const error = await caught(check(one))
    assert.match(error.message, /macspoofchk-/)
    assert.match(error.details, /see: nft /)
    command('nft', 'delete table bridge patchbay')
  })
}

scenario('CHECK notices that the allowed address is not the container’s', async () => {
  await add(one)
  const error = await caught(check({ ...one, mac: foreignMac }))
  assert.match(error.message, `"${port(one)}" . ${foreignMac} is missing`)
})

scenario('GC removes only stale attachments of its own network', async () => {
  for (const container of [one, two, other]) await add(container)
  assert.is(await collectMacSpoofCheck('zero', [two.attachment]), 1)
  await check(two)
  await check(other)
  assert.match((await caught(check(one))).message, 'is missing')
})

scenario('DEL of an unknown container sends three messages', async () => {
  await add(one)
  const before = netfilter().sequence
  await remove(two)
  // The generation, the port in our table, and its chain in the reference's.
  assert.is(netfilter().sequence - before, 3)
})

test.run()
