/** DEL ends when a link is gone, and a helper waits until the kernel has freed it. Init reaps the helper. */
// needs: link macvlan, link vxlan
// packages: procps

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { done, readyForDel } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Fault, faultsOf, withFault } from '../harness/faults.ts'
import {
  helperIsGone,
  isThere,
  lastHelper,
  lingering,
  openFiles,
  pidFile,
  survivesKills,
} from '../harness/helper.ts'
import { farHost, newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { exists, hostEnd, link } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { atPidsLimit } from '../harness/pids-limit.ts'
import { type Answer, type Call, call, callAlone, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']
const bridge = single(bridgeNetwork())
const macvlan = single(macvlanNetwork())

// What DEL keeps is there from now on.
for (const config of [bridge, macvlan]) callAlone((await readyForDel(config)).del)

for (const config of [bridge, macvlan])
  test(`${config.type}: DEL and its output end before the helper, which has nothing open but a socket`, async () => {
    const { before, del, container } = await readyForDel(config)
    const pid = await lingering(del)
    assert.ok(isThere(pid))
    await until('it has closed all else', () => openFiles(pid).length === 1)
    assert.equal(openFiles(pid), ['socket:[N]'])
    assert.not.ok(exists('eth0', container))
    unchanged(before)
    process.kill(pid, 'SIGKILL')
  })

test('the shipped helper is gone soon, and no zombie is left to a parent that reaps', async () => {
  const { del } = await readyForDel(bridge)
  assert.equal(callAlone(del), done)
  const pid = lastHelper()
  assert.ok(pid > 0)
  await until('the shipped helper is gone', () => !isThere(pid))
})

/** The children of a process that have ended and were not reaped. */
function zombiesOf(parent: number): number {
  const rows = command('ps', '-e', '-o', 'ppid=,stat=')
    .split('\n')
    .map((row) => row.trim().split(/ +/))
  return rows.filter(([ppid, state]) => ppid === String(parent) && state?.startsWith('Z')).length
}

test('a first process that never reaps gets one zombie, not one of each DEL', async () => {
  const { before, del } = await readyForDel(bridge)
  rmSync(pidFile, { force: true })
  const words = ['--pid', '--fork', '--kill-child', '--mount-proc', 'sleep', 'infinity']
  const outside = spawn('unshare', words, { stdio: 'ignore' })
  // If the test fails, it must not keep this process from ending.
  outside.unref()
  const init = () =>
    Number(spawnSync('pgrep', ['-P', `${outside.pid}`, 'sleep'], { encoding: 'utf8' }).stdout)
  await until('the first process is there', () => init() > 0)
  const first = init()
  const under = ['nsenter', '--target', `${first}`, '--pid', '--mount']
  for (let round = 0; round < 5; round++) {
    assert.equal(callAlone({ ...del, under }), done)
    await until('the helper has ended', () => zombiesOf(first) > 0)
    assert.is(zombiesOf(first), 1)
    assert.is(callAlone({ ...del, verb: 'ADD' }).status, 0)
  }
  process.kill(first, 'SIGKILL')
  rmSync(pidFile)
  assert.equal(callAlone(del), done)
  unchanged(before)
})

for (const engine of engines)
  for (const config of [bridge, macvlan, single(vxlanNetwork())])
    test(`${config.type}: ADD with the same names, directly after DEL, again and again (${engine})`, async () => {
      const { before, del, container } = await readyForDel(config)
      for (let round = 0; round < 10; round++) {
        assert.equal(callAlone({ ...del, engine }), done)
        assert.is(callAlone({ ...del, verb: 'ADD', engine }).status, 0)
      }
      assert.equal(callAlone({ ...del, engine }), done)
      assert.equal(callAlone({ ...del, engine }), done)
      removeContainer(container)
      unchanged(before)
    })

/** vxlan whose bridge and VTEP go with the last container. */
function vxlanNetwork() {
  return bridgeNetwork({ bridge: 'vxbr7', type: 'vxlan', vni: 7, remotes: ['198.51.100.1'] }, '1.0.0')
}

test('directly after DEL of the last macvlan its parent is not promiscuous, and takes another name', async () => {
  const config = { ...macvlan, mode: 'passthru' }
  const { del } = await readyForDel(config)
  assert.is(link('uplink').promiscuity, 1)
  assert.equal(callAlone(del), done)
  assert.is(link('uplink').promiscuity, 0)
})

test('`ip netns delete` directly after DEL, and a new container with the same name', async () => {
  const before = snapshot()
  for (let round = 0; round < 10; round++) {
    const container = newContainer('again')
    const request: Call = { verb: 'ADD', config: bridge, netns: container.path }
    assert.is(callAlone(request).status, 0)
    assert.equal(callAlone({ ...request, verb: 'DEL' }), done)
    removeContainer(container)
  }
  unchanged(before)
})

test('200 DELs at once succeed, and their helpers end', async () => {
  const before = snapshot()
  const containers = Array.from({ length: 200 }, () => newContainer())
  const requests = containers.map(
    ({ name, path }): Call => ({ verb: 'ADD', config: bridge, containerID: name, netns: path }),
  )
  for (const request of requests) assert.is(callAlone(request).status, 0)
  const answers = await Promise.all(requests.map((request) => call({ ...request, verb: 'DEL' })))
  assert.equal(
    answers.filter(({ status }) => status !== 0),
    [],
  )
  for (const container of containers) assert.not.ok(exists('eth0', container))
  unchanged(before)
  await until('the helpers have ended', () => !command('ps', '-e', '-o', 'comm').includes('bridge'))
  for (const container of containers) removeContainer(container)
})

test('without a process to spare, DEL waits itself', async () => {
  const { before, del } = await readyForDel(bridge)
  rmSync(pidFile, { force: true })
  assert.equal(await withFault(del, { syscall: 'clone', nth: 1 }, 'EAGAIN'), done)
  assert.is(lastHelper(), 0)
  unchanged(before)
})

test('in a container that has reached its limit of processes, DEL waits itself', async () => {
  const { before, del } = await readyForDel(bridge)
  rmSync(pidFile, { force: true })
  await atPidsLimit(async (under) => assert.equal(callAlone({ ...del, under }), done))
  assert.is(lastHelper(), 0)
  unchanged(before)
})

test('to look for a link that is not there runs no modprobe, as an ioctl would', async () => {
  const { del } = await readyForDel(macvlan)
  const trace = `${scratch}/look-ups`
  for (const under of [[], ['strace', '-o', trace, '-e', 'trace=ioctl,recvfrom']])
    assert.equal(callAlone({ ...del, under }), done)
  const calls = readFileSync(trace, 'utf8')
  assert.match(calls, 'error=-ENODEV')
  assert.not.match(calls, 'SIOCGIF')
})

test('an ADD that fails leaves nothing also without CAP_NET_RAW, whichever of its requests was refused', async () => {
  const config = single(vxlanNetwork())
  const { before, del, container } = await readyForDel(config)
  assert.equal(callAlone(del), done)
  const add: Call = {
    ...del,
    verb: 'ADD',
    under: ['setpriv', '--inh-caps=-net_raw', '--bounding-set=-net_raw'],
  }
  const sends = (await faultsOf(add)).filter(({ syscall }) => syscall === 'sendto')
  assert.equal(callAlone(del), done)
  assert.ok(sends.length > 20)
  for (const send of sends) {
    const { status } = await withFault(add, send, 'ENOBUFS')
    if (status === 0) assert.equal(callAlone(del), done)
    unchanged(before)
  }
  removeContainer(container)
})

test('a helper that cannot send leaves the deletion to DEL', async () => {
  const { before, del } = await readyForDel(bridge)
  await helperIsGone()
  const faults = await faultsOf(del)
  const send = faults[faults.findIndex(({ syscall }) => syscall === 'clone') + 1]
  assert.is(send?.syscall, 'sendto')
  assert.is(callAlone({ ...del, verb: 'ADD' }).status, 0)
  await helperIsGone()
  assert.equal(await withFault(del, send as Fault), done)
  unchanged(before)
})

test('a deletion that the kernel refuses is told as by the engine that waits', async () => {
  const { del, container } = await readyForDel(bridge)
  const end = hostEnd(container).ifname
  const answers: Answer[] = []
  ip(`link delete ${end}`)
  ip('link set lo down')
  ip(`link set lo name ${end}`)
  for (const engine of engines) answers.push(await call({ ...del, engine }))
  ip(`link set ${end} name lo`)
  ip('link set lo up')
  const [quick, waiting] = answers
  assert.is(quick?.status, 1)
  assert.match(String(quick?.json?.msg), 'EOPNOTSUPP')
  assert.equal(quick, waiting)
  assert.equal(await call(del), done)
  removeContainer(container)
})

test('DEL killed before, between and after its deletion: the next one leaves nothing', async () => {
  const { before, del } = await readyForDel(bridge)
  await survivesKills(del, () => unchanged(before))
})

test.run()
