/** Host ports by nftables on a real kernel: who reaches the container by them, and which source address it sees. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { hostIfname } from '../../shared/cni/identity.ts'
import { add, check, remove } from '../../shared/firewall/portmap-nftables.ts'
import type { PortRules } from '../../shared/firewall/portmap-rules.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import { command } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { far, farHost, near, privateHost, setSysctl } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, twice } from '../harness/traffic.ts'
import { type Container, connect, newBridge, ruleset } from './firewall-containers.ts'
import { rulesOf as portsOf, sees } from './portmap-mappings.ts'

await privateHost()
const outside = farHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
newBridge('br1', '10.89.0.1/24', 'fd89::1/64')
for (const name of ['br0', 'br1']) setSysctl(`net/ipv4/conf/${name}/route_localnet`, 1)
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
const other = await connect('br1', 'one', '10.89.0.2/24', 'fd89::2/64')
const server = await mirrorIn(one.netns)
const serverOfTwo = await mirrorIn(two.netns)

/** Host port 8080 leads to the mirror's port, for TCP and UDP. */
const rulesOf = (container: Container, via: string, changes: Partial<PortRules> = {}) =>
  portsOf(container, { via, ...changes })

const neverEnded = () => {
  throw new Error('taken')
}

function left(): unknown[] {
  return ruleset().filter(({ table }) => table?.name === 'patchbay')
}

test('a far host reaches the container by a host port in both families, and the container sees its address', () => {
  add(rulesOf(one, 'br0'), neverEnded)
  assert.equal(sees(server, outside, near.ipv4), twice([far.ipv4]))
  assert.equal(sees(server, outside, near.ipv6), twice([far.ipv6]))
  check(rulesOf(one, 'br0'))
})

test('the host reaches it by any of its addresses, and by localhost', () => {
  assert.equal(sees(server, undefined, near.ipv4), twice([near.ipv4]))
  assert.equal(sees(server, undefined, '10.88.0.1'), twice(['10.88.0.1']))
  assert.equal(sees(server, undefined, '127.0.0.1'), twice(['10.88.0.1']))
  assert.equal(sees(server, undefined, near.ipv6), twice([near.ipv6]))
})

test('::1 refuses at once, so that a client of localhost tries 127.0.0.1 next', () => {
  assert.throws(() => server.sourceOf(undefined, '::1', 'tcp', 8080), /Connection refused/)
})

for (const filtered of [1, 0])
  test(`the container reaches itself, and so do its neighbours and those on another bridge, with bridge-nf-call-iptables ${filtered}`, () => {
    for (const name of ['iptables', 'ip6tables']) setSysctl(`net/bridge/bridge-nf-call-${name}`, filtered)
    command('bridge', 'link', 'set', 'dev', hostIfname(one.attachment), 'hairpin', filtered ? 'on' : 'off')
    for (const [address, gateway, neighbour] of [
      [near.ipv4, '10.88.0.1', '10.88.0.3'],
      [near.ipv6, 'fd88::1', 'fd88::3'],
    ] as const) {
      assert.equal(sees(server, one.netns, address), twice([gateway]))
      assert.equal(sees(server, two.netns, address), twice([filtered ? neighbour : gateway]))
    }
    assert.equal(sees(server, other.netns, near.ipv4), twice(['10.89.0.2']))
    assert.equal(sees(server, other.netns, near.ipv6), twice(['fd89::2']))
  })

test('the same port of a far host is not taken', async () => {
  const farServer = await mirrorIn(outside)
  command('nft', 'add table ip sink; add chain ip sink c')
  add(
    rulesOf(two, 'br0', { mappings: [{ protocol: 'tcp', hostPort: 7000, containerPort: 7001 }] }),
    neverEnded,
  )
  assert.is(farServer.sourceOf(one.netns, far.ipv4, 'tcp'), '10.88.0.2')
  remove(rulesOf(two, 'br0', { mappings: [{ protocol: 'tcp', hostPort: 7000, containerPort: 7001 }] }))
  command('nft', 'delete table ip sink')
})

test('a port that another attachment has is refused, and nothing is changed', () => {
  const before = ruleset()
  assert.throws(() => add(rulesOf(two, 'br0'), neverEnded), 'taken')
  assert.equal(ruleset(), before)
})

test('a port at one address is refused where it is taken at all, and the other way round', () => {
  const hostIP = parseAddress(near.ipv4)
  const single = (container: Container) =>
    rulesOf(container, 'br0', {
      mappings: [{ protocol: 'tcp', hostPort: 8080, containerPort: 7000, hostIP }],
    }).slice(0, 1)
  assert.throws(() => add(single(two), neverEnded), 'taken')
  remove(rulesOf(one, 'br0'))
  add(single(two), neverEnded)
  assert.throws(() => add(rulesOf(one, 'br0'), neverEnded), 'taken')
  assert.is(serverOfTwo.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  remove(single(two))
  assert.equal(left(), [])
})

test('an attachment that has ended loses its port to the next one, and its late DEL leaves that one alone', () => {
  add(rulesOf(one, 'br0'), neverEnded)
  add(rulesOf(two, 'br0'), () => {})
  remove(rulesOf(one, 'br0'))
  check(rulesOf(two, 'br0'))
  assert.equal(sees(serverOfTwo, outside, near.ipv4), twice([far.ipv4]))
  remove(rulesOf(two, 'br0'))
  assert.equal(left(), [])
})

test('the same attachment again replaces its elements', () => {
  add(rulesOf(one, 'br0'), neverEnded)
  const before = ruleset()
  add(rulesOf(one, 'br0'), neverEnded)
  assert.equal(ruleset(), before)
  remove(rulesOf(one, 'br0'))
  remove(rulesOf(one, 'br0'))
  assert.equal(left(), [])
})

test('with conditions, other packets pass by', () => {
  const rules = rulesOf(one, 'br0', { conditions: ['ip saddr', far.ipv4] }).slice(0, 1)
  add(rules, neverEnded)
  check(rules)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.throws(() => server.sourceOf(two.netns, near.ipv4, 'tcp', 8080))
  remove(rules)
  assert.equal(left(), [])
})

test('masqAll: the container sees the host', () => {
  const rules = rulesOf(one, 'br0', { masqAll: true })
  add(rules, neverEnded)
  assert.equal(sees(server, outside, near.ipv4), twice(['10.88.0.1']))
  remove(rules)
})

test('CHECK names what is missing, and the command that shows it', async () => {
  const rules = rulesOf(one, 'br0')
  add(rules, neverEnded)
  command('nft', 'delete element ip patchbay portmap-ports { tcp . 8080 }')
  const error = await caught(Promise.resolve().then(() => check(rules)))
  assert.match(String(error), /tcp \. 8080 is missing in ip patchbay portmap-ports/)
  remove(rules)
})

test.run()
