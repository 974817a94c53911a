/** `patchbay gc` and containers that live although their namespace is hard to see, or that are started again meanwhile. */
// needs: nft ip, link macvlan

import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { bridgeNetwork, fixed, newNetwork, ptpNetwork, single } from '../harness/networks.ts'
import { newDirectory } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { runAlone, start } from '../harness/program.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { vanish } from '../harness/vanish.ts'

await privateHost()
const lists = '/etc/cni/net.d'
ownEtc(lists)
ip('link add uplink type veth peer name other')
// Without our directory a process in a PID namespace of its own, as this one, cannot tell what is gone.
mkdirSync('/run/patchbay')

const patchbay = `${executables()}/patchbay`

/** @param under a program and its arguments to put in front */
function gc(...under: string[]): string {
  const [file = patchbay, ...args] = [...under, patchbay, 'gc']
  const { status, stdout, stderr } = runAlone(file, args)
  return `${stdout}${stderr}status ${status}`
}

const reserved = ({ name }: { name: string }) => reservedIn(`/var/lib/cni/networks/${name}`).length

/** A network without an end on the host: only the namespace tells whether a container lives. */
const macvlan = () => newNetwork('macvlan', { master: 'uplink' })

/** A script in namespaces of its own, which then stays. @param words the program that makes them @returns a function that ends it */
async function staying(words: readonly string[], script = ''): Promise<() => void> {
  const ready = `${scratch}/ready`
  rmSync(ready, { force: true })
  const [file = '', ...args] = [...words, 'sh', '-c', `${script} touch ${ready}; exec sleep 1000`]
  const { kill } = start(file, args)
  await until('it stays', () => existsSync(ready))
  return () => kill('SIGKILL')
}

/** Of a program that sees other mounts, other processes or both. */
const ownMounts = ['unshare', '--mount', '--propagation', 'private']
const ownProcesses = [...ownMounts, '--pid', '--fork', '--mount-proc']
const after = (script: string) => ['sh', '-c', `${script}; exec "$@"`, 'sh']

test('a namespace that only a process holds lives', async () => {
  const net = macvlan()
  const container = newContainer()
  await attach(net, { container })
  const end = await staying(['nsenter', `--net=${container.path}`])
  removeContainer(container)
  assert.match(gc(), 'attachments: 1 live')
  end()
  await until('it is collected', () => gc().includes('1 deleted'))
  assert.is(reserved(net), 0)
})

test('a namespace that only a mount of another mount namespace holds lives', async () => {
  const net = macvlan()
  const container = newContainer()
  await attach(net, { container })
  const place = newDirectory()
  const script = `mount -t tmpfs tmpfs ${place}; touch ${place}/n; mount --bind ${container.path} ${place}/n;`
  const end = await staying(ownMounts, script)
  removeContainer(container)
  assert.match(gc(), 'attachments: 1 live')
  end()
  await until('it is collected', () => gc().includes('1 deleted'))
})

test('a namespace that two containers have lives as long as one of its paths is there', async () => {
  const [one, two] = [macvlan(), macvlan()]
  const container = newContainer('first')
  const second = { name: 'second', path: '/run/netns/second' }
  command('touch', second.path)
  command('mount', '--bind', container.path, second.path)
  await attach(one, { container })
  await attach(two, { container: second, ifname: 'eth1' })
  removeContainer(container)
  assert.match(gc(), 'attachments: 2 live')
  removeContainer(second)
  assert.match(gc(), 'attachments: 2 deleted')
})

const blind: Record<string, string[]> = {
  'another mount namespace, where /run/netns is empty': [
    ...ownMounts,
    ...after('umount -l /run/netns 2>/dev/null; mount -t tmpfs tmpfs /run/netns'),
  ],
  'a pod that does not see the mounts of the host, nor its processes': [
    ...ownProcesses,
    ...after('umount -l /run/netns/* 2>/dev/null; true'),
  ],
}

for (const [what, under] of Object.entries(blind))
  test(`run in ${what}, it deletes no container that lives`, async () => {
    const net = macvlan()
    const live = await attach(net)
    assert.not.match(gc(...under), 'deleted')
    assert.is(reserved(net), 2)
    await live.check()
    await live.del()
  })

test('run in a PID namespace of its own, it does not take /proc/PID/ns/net for gone', async () => {
  const net = macvlan()
  const { pid, kill } = start('unshare', ['--net', 'sleep', '1000'])
  const namespace = () => command('readlink', `/proc/${pid}/ns/net`)
  await until('it has its namespace', () => namespace() !== command('readlink', '/proc/self/ns/net'))
  const call = { config: single(net), containerID: 'held', netns: `/proc/${pid}/ns/net` }
  await added(call)
  assert.match(gc(), 'attachments: 1 live')
  assert.match(gc(...ownProcesses), 'held/eth0: stays, its namespace cannot be seen from here')
  assert.is(reserved(net), 2)
  kill('SIGKILL')
  rmSync(`/var/lib/cni/networks/${net.name}`, { recursive: true })
})

test('run in another network namespace, as that of a container, it refuses and changes nothing', async () => {
  const net = bridgeNetwork({ ipMasq: true, ipam: fixed('10.77.0.2/24') })
  const live = await attach(net)
  const before = snapshot()
  assert.match(gc('nsenter', `--net=${live.path}`), /not the host's network namespace[\s\S]*status 1/)
  unchanged(before)
  await live.del()
})

test('without the right to look at the host’s first process it refuses', () => {
  const file = `${newDirectory()}/patchbay`
  copyFileSync(patchbay, file)
  const { stderr, status } = runAlone('setpriv', ['--reuid', '65534', '--clear-groups', file, 'gc'])
  assert.match(`${stderr}status ${status}`, /cannot be looked at[\s\S]*status 1/)
})

test('the same ID and the same path in a new namespace: what belongs to both networks stays, whichever is found first', async () => {
  for (const nets of [[macvlan(), macvlan()], [macvlan(), macvlan()].reverse()] as [
    cnitool.Network,
    cnitool.Network,
  ][]) {
    const [one, two] = nets
    const first = newContainer('same')
    await added({ config: single(one), containerID: 'same', netns: first.path })
    removeContainer(first)
    const second = newContainer('same')
    await added({ config: single(two), containerID: 'same', ifname: 'eth1', netns: second.path })
    for (const [at, net] of nets.entries()) writeFileSync(`${lists}/${at}.conflist`, JSON.stringify(net))
    assert.match(gc(), 'attachments: 2 live')
    removeContainer(second)
    assert.match(gc(), 'attachments: 2 deleted')
  }
  for (const name of readdirSync(lists)) rmSync(`${lists}/${name}`)
})

/** A plugin that waits in DEL until a file appears; in ADD and CHECK it passes the earlier result on. */
const waiting = `#!/bin/sh
in=$(cat)
case $CNI_COMMAND in
ADD) printf %s "$in" | ${process.execPath} -e 'console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0, "utf8")).prevResult))' ;;
DEL) if [ -e ${scratch}/wait ]; then rm ${scratch}/wait; until [ -e ${scratch}/go ]; do sleep 0.01; done; fi ;;
esac
exit 0
`

test('a container that is started again with its ID while a plugin’s DEL runs keeps its new address and its entry of the cache', async () => {
  const path = newDirectory()
  command('cp', '-a', `${executables()}/.`, path)
  writeFileSync(`${path}/waiting`, waiting, { mode: 0o755 })
  const net = ptpNetwork()
  const chain = { ...net, plugins: [...net.plugins, { type: 'waiting' }] }
  const container = newContainer('again')
  await cnitool.add(chain, container, { path })
  await vanish(container)
  writeFileSync(`${scratch}/wait`, '')
  const run = start(`${path}/patchbay`, ['gc'])
  await until('the DEL runs', () => !existsSync(`${scratch}/wait`))
  const second = newContainer('again')
  await cnitool.del(chain, second, { path })
  await cnitool.add(chain, second, { path })
  writeFileSync(`${scratch}/go`, '')
  const { stdout } = await run.ended
  assert.is(stdout, 'attachments: 1 live\n')
  assert.is(reserved(net), 2)
  assert.is(readdirSync('/var/lib/cni/results').length, 1)
  await cnitool.check(chain, second, { path })
  await cnitool.del(chain, second, { path })
})

test.run()
