/** docs/cluster.md: its commands, in order and host by host, on three hosts, and what the page promises after each step. */
// needs: link vxlan
// etcd: 3.4
// packages: openssl

import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ensureBuilt } from '../harness/built.ts'
import { command } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { codeBlocksOf, type HostBlock, hostBlocksOf, inlineCommandsOf } from '../harness/page.ts'
import { archivesIn, newPageHost, type PageHost, preparePages } from '../harness/page-host.ts'
import { executables } from '../harness/plugin.ts'
import type { Ending } from '../harness/program.ts'
import { newSwitch } from '../harness/switch.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

/** Commands in the page's sentences that no test runs as they stand, and why. */
const notRun: Record<string, string> = {
  'patchbay agent': 'what the unit starts: the stand-in of systemctl reads that from its file',
  'patchbay pool release --host NAME': 'NAME: a block has node3',
  'patchbay pool change NAME --range …': 'NAME: a block has blue',
  'patchbay pool release --host NAME --earlier --yes': 'NAME: operator-pool.test.ts runs it with a name',
  'patchbay pool release --host NODE --yes': 'NODE is of Kubernetes: a block has node3',
  'kubectl apply -f deploy/kubernetes/agent.yaml':
    'no cluster is at hand: test/deploy/kubernetes.test.ts reads the manifest by Kubernetes’ own types',
}

/** The programs by which a command is known in a sentence. */
const programs = ['patchbay', 'etcdctl', 'openssl', 'kubectl', 'systemctl', 'apt-get', 'ssh', 'ip', 'nft']

executables()
await ensureBuilt('node')
ownEtc('/etc/cni/net.d', '/etc/patchbay')
preparePages()
const underlay = newSwitch()
const machines = [1, 2, 3].map((number) => underlay.machine(`node${number}`, 10 + number))
const hosts = (await Promise.all(machines.map(newPageHost))) as [PageHost, PageHost, PageHost]
const [node1, node2, node3] = hosts
const downloads = `${scratch}/downloads`
mkdirSync(downloads)
archivesIn(downloads, {
  'patchbay-0.1.0-linux-x64-quickjs': 'quickjs',
  'patchbay-0.1.0-linux-x64-node': 'node',
})

/** What was run, for the last test. */
const ran = new Set<string>()

function tell(host: PageHost, lines: string): Promise<Ending> {
  ran.add(lines)
  return host.shell(lines)
}

/** Runs lines, which must succeed. @returns all that they print */
async function run(host: PageHost, lines: string): Promise<string> {
  const { status, stdout, stderr } = await tell(host, lines)
  assert.is(status, 0, `${host.name}: ${lines}\n${stdout}${stderr}`)
  return stdout + stderr
}

/** Runs a section's blocks, each on its hosts at once. @returns what each host prints, block by block */
async function follow(heading: string): Promise<string[][]> {
  const answers: string[][] = []
  for (const block of hostBlocksOf('cluster.md', heading)) answers.push(await followOne(block))
  return answers
}

async function followOne(given: HostBlock | undefined): Promise<string[]> {
  assert.ok(given)
  const there = hosts.filter(({ name }) => given.on.includes(name))
  return Promise.all(there.map((host) => run(host, given.block)))
}

/** The addresses of a host's namespace in the network. */
async function addressesOf(host: PageHost, namespace = 'demo'): Promise<string[]> {
  const answer = await run(host, `ip -netns ${namespace} -brief address show dev eth0 scope global`)
  return [...answer.matchAll(/(\S+)\/\d+/g)].map(([, address = '']) => address)
}

/** Asserts that the namespaces `demo` of all hosts reach each other in both families. */
async function reachEachOther(): Promise<void> {
  const all = await Promise.all(hosts.map((host) => addressesOf(host)))
  assert.equal(
    all.map((own) => own.map((address) => address.includes(':'))),
    [...Array(3)].map(() => [false, true]),
  )
  assert.is(new Set(all.flat()).size, 6)
  const pings = all.flat().map((address) => `ip netns exec demo ping -n -c 1 -i 0.2 -w 20 ${address}`)
  await Promise.all(hosts.map((host) => run(host, pings.join('\n'))))
}

/** Whether a command succeeds there. */
const succeeds = async (host: PageHost, lines: string) => (await tell(host, lines)).status === 0

const etcdIsWell = () =>
  until('etcd is well', () => succeeds(node1, '. /root/cluster/etcdctl.env; etcdctl endpoint health'))

test('three hosts share one subnet after the page’s steps, and their containers reach each other', async () => {
  for (const host of hosts) {
    const pid = command('cat', `${scratch}/hosts/${host.name}`).trim()
    command('sh', '-c', `cp ${downloads}/* /proc/${pid}/root/root/`)
  }
  await follow('1. Names and programs')
  await follow('2. etcd, with TLS')
  await follow('3. Who may do what')
  await follow('4. Where the store is')
  const [[created = ''] = []] = await follow('5. The pool, once')
  for (const line of `POOL  RANGES        BLOCKS    OF  USE  ADDRESSES  HOSTS  HERE
blue  10.50.0.0/16  0/1024   /26   0%      65533      0     0`.split('\n'))
    assert.match(created, line)
  const [begin, look] = hostBlocksOf('cluster.md', '6. The network, the agent, the first container')
  const started = await followOne(begin)
  await reachEachOther() // on a busy machine the agents need longer than the page's pings wait
  const [looked = ''] = await followOne(look)
  for (const answer of started) assert.match(answer, '1 network: no findings')
  for (const { name } of hosts) assert.match(looked, name)
  assert.is(looked.match(/ 0% packet loss/g)?.length, 4, looked)
  assert.match(looked, 'nothing found')
})

test('without a quorum of etcd traffic goes on and containers start, which other hosts reach when etcd is back', async () => {
  for (const host of [node2, node3]) await run(host, 'systemctl stop etcd')
  await Promise.all([reachEachOther(), run(node1, 'patchbay netns up more blue')])
  for (const host of [node2, node3]) await run(host, 'systemctl start --no-block etcd')
  await etcdIsWell()
  for (const address of await addressesOf(node1, 'more'))
    await run(node3, `until ip netns exec demo ping -n -c 1 -W 1 ${address}; do sleep 0.1; done`)
  await run(node1, 'patchbay netns down more')
})

test('a host that was released while it was cut off claims what it holds once more when it is back', async () => {
  underlay.cutOff(node3, 'both')
  const [[released = ''] = []] = await follow('A host is gone for ever')
  assert.match(released, 'node3')
  assert.not.match(await run(node1, 'patchbay pool show blue'), 'node3')
  underlay.heal(node3)
  await etcdIsWell()
  await until('its blocks are claimed', () => succeeds(node1, 'patchbay pool show blue | grep -q node3'))
  await until('nothing is found', () => succeeds(node3, 'patchbay pool check'))
  await reachEachOther()
})

test('etcd is restored from a backup that does not know a network’s blocks, and they are claimed again', async () => {
  const blocks = hostBlocksOf('cluster.md', 'etcd is restored')
  const [save, stop, restore, reload, recover, check] = blocks
  assert.is(blocks.length, 6)
  await followOne(save)
  await run(
    node2,
    `sed 's/"blue",/"green",/; s/100/101/' /etc/cni/net.d/10-blue.conflist > /etc/cni/net.d/20-green.conflist
patchbay netns up late green`,
  )
  const late = await addressesOf(node2, 'late')
  for (const block of [stop, restore]) await followOne(block)
  await etcdIsWell()
  await followOne(reload)
  await until('all have confirmed', async () => {
    const { status, stdout } = await tell(node1, 'patchbay pool recover')
    // Open, until the first host has noticed.
    return status === 1 && stdout.match(/^node\d +yes/gm)?.length === 3
  })
  await followOne(recover)
  for (const answer of await followOne(check)) assert.match(answer, 'nothing found')
  assert.match(await run(node1, `patchbay pool show blue ${late[0]}`), 'green')
  await reachEachOther()
})

test('renewed certificates are used by the member and by claims', async () => {
  await follow('Certificates')
  const asRoot = '-CAfile ca.crt -cert root.crt -key root.key'
  const served = `openssl s_client -connect node3:2379 ${asRoot} </dev/null 2>/dev/null | openssl x509 -serial -noout`
  const serials = await run(
    node1,
    `cd /root/cluster; ${served}; openssl x509 -serial -noout -in etcd-node3.crt`,
  )
  assert.is(new Set(serials.trim().split('\n')).size, 1, serials)
  const end = await run(node3, 'openssl x509 -enddate -noout -in /etc/patchbay/client.crt')
  assert.match(end, /^notAfter=/)
  await run(node3, 'patchbay pool ls')
})

test('doctor finds nothing on a host of the cluster, and status shows its blocks', async () => {
  const { status, stdout } = await tell(node1, 'patchbay doctor')
  assert.equal([status, stdout.trim()], [0, ''])
  assert.match(await run(node1, 'patchbay ls'), /blue/)
  assert.match((await tell(node1, 'patchbay status')).stdout, /ok +ranges +blue 10\.50\..* 1 used, 63 free/)
})

test('a pool grows, says what would be outside, and closes', async () => {
  const [[answer = ''] = []] = await follow('Grow, shrink, take away')
  assert.match(answer, 'pool blue changed: 10.50.0.0/16 10.51.0.0/16 fd00:50::/64')
  assert.match(answer, 'pool blue would be changed: 10.50.0.0/16 fd00:50::/64')
  assert.match(answer, 'pool blue closing')
  await until('node3 gives no address', () => isRefused(node3))
})

/** Whether the host knows that the pool is closing: until its agent has noticed, the network gives addresses. */
async function isRefused(host: PageHost): Promise<boolean> {
  const { status, stderr } = await tell(host, 'patchbay netns up last blue')
  if (status === 0) await run(host, 'patchbay netns down last')
  else assert.match(stderr, 'pool blue is being deleted')
  return status !== 0
}

test('a host whose user is deleted is refused', async () => {
  await run(node1, '. /root/cluster/etcdctl.env; etcdctl user delete node3')
  ran.add('etcdctl user delete node3')
  const { status, stderr } = await tell(node3, 'patchbay pool ls')
  assert.is(status, 1)
  assert.match(stderr, "etcd refuses: this host's user")
})

test('each command of the page is run here, or the list says why not', () => {
  const commands = inlineCommandsOf('cluster.md', programs)
  assert.equal(
    commands.filter((command) => !ran.has(command) && !(command in notRun)),
    [],
  )
  assert.equal(
    Object.keys(notRun).filter((command) => !commands.includes(command)),
    [],
    'no longer in the page',
  )
  const blocks = codeBlocksOf('cluster.md')
  const isCommand = (block: string) => programs.some((program) => block.startsWith(`${program} `))
  assert.equal(
    blocks.filter(({ info, block }) => !ran.has(block) && (info !== '' || isCommand(block))),
    [],
  )
})

test.run()
