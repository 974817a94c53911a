/** Host ports by iptables on a real kernel: who reaches the container, and the rules beside those of the reference. */
// needs: nft ip, iptables

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { hostIfname } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { add, check, collect, has, remove } from '../../shared/firewall/portmap-iptables.ts'
import type { Refuse } from '../../shared/firewall/portmap-iptables-holders.ts'
import { portChain } from '../../shared/firewall/portmap-iptables-rules.ts'
import type { Mapping, PortRules } from '../../shared/firewall/portmap-rules.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import { bare } from '../harness/address.ts'
import { command } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { far, farHost, near, privateHost, setSysctl } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'
import { type Container, connect, newBridge } from './firewall-containers.ts'
import { both, nat, rulesOf } from './portmap-mappings.ts'

await privateHost()
const outside = farHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
setSysctl('net/ipv4/conf/br0/route_localnet', 1)
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')
const server = await mirrorIn(one.netns)
const serverOfTwo = await mirrorIn(two.netns)
command('bridge', 'link', 'set', 'dev', hostIfname(one.attachment), 'hairpin', 'on')
// What is forwarded waits for the bridge's link-local address.
assert.ok(pings(outside, ...[one, two].flatMap(({ addresses }) => addresses.map(bare))))

/** Port 8080 of TCP, at one address of the host. */
function atAddress(container: Container, text: string): PortRules[] {
  const mapping: Mapping = { protocol: 'tcp', hostPort: 8080, containerPort: 7000 }
  const hostIP = parseAddress(text)
  return rulesOf(container, { mappings: [{ ...mapping, ...(hostIP && { hostIP }) }] })
}

const sees = (mirror: typeof server, client: Container['netns'] | undefined, address: string) =>
  (['tcp', 'udp'] as const).map((protocol) => mirror.sourceOf(client, address, protocol, 8080))

const twice = (address: string) => [address, address]

/** A test; afterwards the containers are deleted, and nothing may be left. */
function scenario(sentence: string, play: () => Promise<unknown>): void {
  test(sentence, async () => {
    try {
      await play()
    } finally {
      for (const { attachment } of [one, two]) await remove(attachment)
    }
    const left = nat()
    command('nft', 'flush', 'ruleset')
    assert.equal(left, [])
  })
}

scenario(
  'a far host reaches the container in both families, and the container sees its address',
  async () => {
    await add(rulesOf(one))
    assert.equal(sees(server, outside, near.ipv4), twice(far.ipv4))
    assert.equal(sees(server, outside, near.ipv6), twice(far.ipv6))
    await remove(one.attachment)
    assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
  },
)

scenario(
  'the host reaches it by its addresses and by localhost, and so do the container and its neighbour',
  async () => {
    await add(rulesOf(one))
    assert.equal(sees(server, undefined, near.ipv4), twice(near.ipv4))
    assert.equal(sees(server, undefined, '127.0.0.1'), twice('10.88.0.1'))
    assert.equal(sees(server, undefined, near.ipv6), twice(near.ipv6))
    for (const client of [one.netns, two.netns]) {
      assert.equal(sees(server, client, near.ipv4), twice('10.88.0.1'))
      assert.equal(sees(server, client, near.ipv6), twice('fd88::1'))
    }
  },
)

scenario('::1 refuses at once, so that a client of localhost tries 127.0.0.1 next', async () => {
  await add(rulesOf(one))
  assert.throws(() => server.sourceOf(undefined, '::1', 'tcp', 8080), /refused/)
  await check(rulesOf(one))
})

scenario('masqAll: the container sees the host', async () => {
  await add(rulesOf(one, { masqAll: true }))
  assert.equal(sees(server, outside, near.ipv4), twice('10.88.0.1'))
  assert.equal(sees(server, outside, near.ipv6), twice('fd88::1'))
  await check(rulesOf(one, { masqAll: true }))
})

scenario('only the given address of the host is taken, and the other family is not', async () => {
  const rules = atAddress(one, near.ipv4)
  await add(rules)
  await check(rules)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.throws(() => server.sourceOf(outside, near.ipv6, 'tcp', 8080), /refused/)
  assert.throws(() => server.sourceOf(undefined, '10.88.0.1', 'tcp', 8080), /refused/)
})

scenario('the unspecified address is all addresses of its family', async () => {
  await add(atAddress(one, '0.0.0.0'))
  await check(atAddress(one, '0.0.0.0'))
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.throws(() => server.sourceOf(outside, near.ipv6, 'tcp', 8080), /refused/)
})

scenario('packets that do not fulfil the conditions pass by', async () => {
  const conditions = ['!', '-s', far.ipv4, '-m', 'comment', '--comment', 'a "quoted" \\ word']
  const [rules] = rulesOf(one, { conditions })
  assert.ok(rules)
  await add([rules])
  await check([rules])
  assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
  assert.is(server.sourceOf(undefined, near.ipv4, 'tcp', 8080), near.ipv4)
  assert.ok(nat().some((line) => line.includes('--comment "a \\"quoted\\" \\\\ word"')))
  const error = await caught(check([{ ...rules, conditions: ['!', '-s', '192.0.2.1'] }]))
  assert.match(error.message, /no rule -A CNI-HOSTPORT-DNAT .*192\.0\.2\.1/)
})

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

scenario('another bit marks in the same chains', async () => {
  await add(rulesOf(one))
  await add(rulesOf(two, { mappings: both.map((each) => ({ ...each, hostPort: 8081 })), markMasqBit: 31 }))
  const marks = nat().filter((line) => /^-A CNI-HOSTPORT-(SETMARK|MASQ)/.test(line))
  assert.is(marks.filter((line) => line.includes('0x2000/0x2000')).length, 4)
  assert.is(marks.filter((line) => line.includes('0x80000000/0x80000000')).length, 4)
  assert.is(server.sourceOf(two.netns, near.ipv4, 'tcp', 8080), '10.88.0.1')
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

scenario(
  'a port at one address is refused where it is taken at all, and the other way round; another address is free',
  async () => {
    await add(rulesOf(one))
    assert.match((await caught(add(atAddress(two, near.ipv4)))).message, /taken by container c1/)
    await remove(one.attachment)
    await add(atAddress(one, near.ipv4))
    assert.match((await caught(add(rulesOf(two)))).message, /taken by container c1/)
    assert.match((await caught(add(atAddress(two, near.ipv4)))).message, /taken by container c1/)
    await add(atAddress(two, '10.88.0.1'))
    assert.is(serverOfTwo.sourceOf(undefined, '10.88.0.1', 'tcp', 8080), '10.88.0.1')
    assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  },
)

scenario(
  'a container that has ended loses its port to the next one, and its late DEL leaves that one alone',
  async () => {
    await add(rulesOf(one))
    const asked: string[] = []
    const hasEnded: Refuse = (_, { network, containerID }) => void asked.push(`${network} ${containerID}`)
    await add(rulesOf(two), hasEnded)
    assert.equal(new Set(asked), new Set([`zero ${one.attachment.containerID}`]))
    assert.not.ok(nat().some((line) => line.includes(portChain(one.attachment))))
    await remove(one.attachment)
    await check(rulesOf(two))
    assert.equal(sees(serverOfTwo, outside, near.ipv4), twice(far.ipv4))
  },
)

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

scenario('twenty ports of a protocol are two rules, as a rule has fifteen at most', async () => {
  const mappings = Array.from({ length: 20 }, (_, index) => ({
    protocol: 'tcp' as const,
    hostPort: 9000 + index,
    containerPort: 7000,
  }))
  await add(rulesOf(one, { mappings }))
  await check(rulesOf(one, { mappings }))
  const entrances = nat().filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT'))
  assert.equal(
    entrances.map((line) => line.split(',').length),
    [15, 5, 15, 5],
  )
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 9019), far.ipv4)
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
    const start = performance.now()
    await check(rules)
    assert.ok(performance.now() - start < 5000)
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

/** Runs a number of workers at once. @returns the output of those that failed */
async function atOnce(words: string[][], ...before: string[]): Promise<string[]> {
  const worker = new URL('portmap-worker.ts', import.meta.url).pathname
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

scenario(
  'a dozen processes add at once, then some remove while others cycle, then all are gone',
  async () => {
    assert.equal(
      await atOnce(numbers(12).map((number) => ['add', number, `90${number.padStart(2, '0')}`])),
      [],
    )
    assert.is(nat().filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT')).length, 24)
    const next = numbers(12).map((number, index) => [
      index % 2 ? 'remove' : 'cycle',
      number,
      `91${number.padStart(2, '0')}`,
    ])
    assert.equal(await atOnce(next), [])
  },
)

scenario('of six processes that ask for one port at once, one gets it', async () => {
  const failures = await atOnce(numbers(6).map((number) => ['add', number, '9000']))
  assert.is(failures.length, 5)
  for (const failure of failures)
    assert.match(JSON.parse(failure).message, /^host port 9000\/tcp is taken by many\/c\d\/eth0/)
  assert.is(nat().filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT')).length, 2)
  for (const number of numbers(6))
    await remove({ network: 'many', containerID: `c${number}`, ifname: 'eth0' })
})

scenario('DEL needs no iptables where its rules are in nf_tables', async () => {
  assert.equal(await atOnce([['add', '2', '9000']]), [])
  const without = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /usr/sbin && exec "$@"', 'sh']
  assert.equal(await atOnce([['remove', '2']], ...without), [])
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
