/** pool: the built executables give addresses from the blocks at hand, and have others claimed by a stand-in for patchbay-agent. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import { close } from '../../shared/kernel/files.ts'
import { isLocked, lock } from '../../shared/kernel/lock.ts'
import { agentLock } from '../../shared/store/agent-lock.ts'
import { addressesOf } from '../harness/address.ts'
import { done, errorOf } from '../harness/attach.ts'
import { newBootId } from '../harness/boot.ts'
import { command } from '../harness/command.ts'
import { harmOfFailures, harmOfKills } from '../harness/failing.ts'
import { privateHost, scratch } from '../harness/host.ts'
import {
  type Answer,
  type Call,
  call,
  type Engine,
  executables,
  type Result,
  started,
} from '../harness/plugin.ts'
import { failing, fileOf, type Held, hold, reservedBelow, standInAgent } from '../harness/pool.ts'
import { test } from '../harness/test.ts'
import { isAsleep } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

const dataDir = `${scratch}/networks`
const agent = standInAgent(`${executables()}/patchbay`, `${scratch}/bin`)
const state = '/run/patchbay/pool'
const go = `${scratch}/go`

test.before.each(async () => {
  await until('no claim of the last test runs', () => !isLocked(`${state}/net.claim`))
  for (const path of [dataDir, state, go]) rmSync(path, { recursive: true, force: true })
  agent.does(failing('no claim was expected'))
})

const ipamOf = (more: object = {}) => ({ type: 'pool', pool: 'blue', dataDir, ...more })

function request(
  verb: Call['verb'],
  containerID: string,
  more: Partial<Call> = {},
  ipam: object = {},
  rest: object = {},
): Call {
  const config = { cniVersion: '1.1.0', name: 'net', type: 'pool', ipam: ipamOf(ipam), ...rest }
  return { verb, containerID, netns: '/none', config, directory: agent.directory, ...more }
}

const add = async (...args: [string, Partial<Call>?, object?, object?]) =>
  given(await call(request('ADD', ...args)))
const refusedAdd = async (...args: [string, Partial<Call>?, object?, object?]) => {
  const answer = await call(request('ADD', ...args))
  assert.is(answer.status, 1, JSON.stringify(answer.json))
  return errorOf(answer)
}
const del = async (containerID: string) => assert.equal(await call(request('DEL', containerID)), done)
const holding = (held: Held) => hold('net', dataDir, held)
const reserved = () => reservedBelow(dataDir, 'net')

/** As where `patchbay agent` runs: plugins claim nothing ahead. */
async function whileAgentRuns(action: () => Promise<void>): Promise<void> {
  mkdirSync('/run/patchbay', { recursive: true })
  const held = lock(agentLock, { milliseconds: 0, timedOut: Error })
  try {
    await action()
  } finally {
    close(held)
  }
}

function given({ status, json }: Answer): string[] {
  assert.is(status, 0, JSON.stringify(json))
  return addressesOf((json as unknown as Result).ips)
}

const dual = { ranges: [{ subnet: '10.80.0.0/16' }, { subnet: 'fd00:80::/64' }] }

for (const engine of ['quickjs', 'node'] as Engine[])
  test(`${engine} answers as host-local does for the range of a block, in every version`, async () => {
    const ranges = [
      [{ subnet: '10.80.0.0/16', rangeStart: '10.80.1.0', rangeEnd: '10.80.1.15' }],
      [{ subnet: 'fd00:80::/64', rangeStart: 'fd00:80::10', rangeEnd: 'fd00:80::1f' }],
    ]
    const routes = [{ dst: '0.0.0.0/0' }]
    for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
      const answers = []
      for (const ipam of [ipamOf({ routes }), { type: 'host-local', dataDir, ranges, routes }]) {
        rmSync(dataDir, { recursive: true, force: true })
        holding({ ...dual, blocks: ['10.80.1.0/28', 'fd00:80::10/124'] })
        const config = { cniVersion, name: 'net', type: ipam.type, ipam }
        const attachment = { config, containerID: 'c1', netns: '/none', engine }
        const { status, json } = await call({ verb: 'ADD', ...attachment })
        answers.push([status, json, reserved()])
        assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
        assert.equal(reserved(), [])
      }
      assert.is(answers[0]?.[0], 0)
      assert.equal(answers[0], answers[1])
    }
  })

test('the first ADD claims a block and gives of it; the input names network, pool and store', async () => {
  agent.gives('net', dataDir, { ...dual, blocks: ['10.80.7.0/28', 'fd00:80::70/124'] })
  const store = { endpoints: ['https://192.0.2.1:2379'], prefix: '/patchbay/' }
  assert.equal(await add('c1', {}, { store }), ['10.80.7.0', 'fd00:80::70'])
  assert.equal(agent.claims(), [
    { network: 'net', dataDir, pool: 'blue', store, families: [], addresses: [] },
  ])
  await del('c1')
  assert.equal(reserved(), [])
})

test('a family whose block is full gets another block, and what the other family had reserved is given back first', async () => {
  holding({ ...dual, blocks: ['10.80.1.0/28', 'fd00:80::10/128'] })
  await whileAgentRuns(async () => void (await add('c1')))
  agent.gives('net', dataDir, { ...dual, blocks: ['10.80.1.0/28', 'fd00:80::10/128', 'fd00:80::40/124'] })
  assert.equal((await add('c2'))[1], 'fd00:80::40')
  assert.equal(
    agent.claims().map(({ families }) => families),
    [[6]],
  )
  assert.is(reserved().length, 4)
})

test('both families are full: one claim brings a block of each', async () => {
  const first = ['10.80.1.0/32', 'fd00:80::10/128']
  holding({ ...dual, blocks: first })
  await whileAgentRuns(async () => void (await add('c1')))
  agent.gives('net', dataDir, { ...dual, blocks: [...first, '10.80.2.0/28', 'fd00:80::40/124'] })
  assert.equal(await add('c2'), ['10.80.2.0', 'fd00:80::40'])
  assert.equal(
    agent.claims().map(({ families }) => families),
    [[4, 6]],
  )
})

test('40 ADDs at once at the edge of a block: no address twice, and claims one after the other, as many as blocks are needed', async () => {
  holding({ blocks: ['10.80.1.0/28'] })
  const second = ['10.80.1.0/28', '10.80.2.0/28']
  const third = [...second, '10.80.3.0/28']
  agent.gives('net', dataDir, { blocks: second }, { blocks: third }, { blocks: [...third, '10.80.4.0/28'] })
  const all = await Promise.all(Array.from({ length: 40 }, (_, at) => add(`c${at}`)))
  assert.is(new Set(all.flat()).size, 40)
  assert.not(agent.overlapped())
  assert.ok(agent.claims().length <= 4, `${agent.claims().length} claims`)
  await Promise.all(Array.from({ length: 40 }, (_, at) => del(`c${at}`)))
  assert.equal(reserved(), [])
})

test('etcd away: ADD works while the block lasts, then it is error 11 with what etcd said and how full the block is; DEL, CHECK, GC work', async () => {
  holding({ blocks: ['10.80.1.0/30'] })
  agent.does(failing('no member of etcd answers: connection refused'))
  for (const id of ['c1', 'c2', 'c3', 'c4']) await add(id)
  const { code, said } = await refusedAdd('c5')
  assert.is(code, 11)
  assert.match(
    said,
    'pool blue: no address is free on this host, and no block could be claimed: no member of etcd answers',
  )
  assert.match(said, '4 of 4 addresses are used')
  assert.match(said, 'what to do')
  const prevResult = { cniVersion: '1.1.0', ips: [{ address: '10.80.1.1/16' }] }
  assert.equal(await call(request('CHECK', 'c2', {}, {}, { prevResult })), done)
  await del('c2')
  const valid = [{ containerID: 'c3', ifname: 'eth0' }]
  assert.equal((await call(request('GC', '', {}, {}, { 'cni.dev/valid-attachments': valid }))).status, 0)
  assert.equal(reserved(), ['10.80.1.2'])
  assert.equal(await add('c6'), ['10.80.1.0'])
})

test('ADDs that wait for a claim share its failure: a claim that lasts fails them all once', async () => {
  agent.does(`until [ -e '${go}' ]; do sleep 0.01; done\n${failing('no member of etcd answers')}`)
  const calls = Array.from({ length: 6 }, (_, at) => started(request('ADD', `c${at}`)))
  // One that is awake has it open for the first look.
  await until('all wait', () => calls.every(({ pid }) => hasOpen(pid, `${state}/net.claim`) && isAsleep(pid)))
  writeFileSync(go, '')
  for (const { answer } of calls) assert.match(errorOf(await answer).said, 'no member of etcd answers')
  assert.is(agent.claims().length, 1)
  agent.gives('net', dataDir, { blocks: ['10.80.1.0/28'] })
  assert.equal(await add('next'), ['10.80.1.0'])
})

function hasOpen(pid: number, file: string): boolean {
  try {
    const directory = `/proc/${pid}/fd`
    return readdirSync(directory).some((fd) => readlinkSync(`${directory}/${fd}`) === file)
  } catch {
    return false
  }
}

test('with wait, ADD gets the address that a container frees, after one claim that failed', async () => {
  holding({ blocks: ['10.80.1.0/32'] })
  await whileAgentRuns(async () => void (await add('c1')))
  agent.does(failing('pool blue is full'))
  const { answer } = started(request('ADD', 'c2', {}, { wait: 60 }))
  await until('the claim is made', () => agent.claims().length > 0)
  await del('c1')
  assert.equal(given(await answer), ['10.80.1.0'])
  assert.is(agent.claims().length, 1)
})

test('a requested address of a block that is free has it claimed; a refusal of its owner is the error', async () => {
  holding({ blocks: ['10.80.1.0/28'] })
  const wish = { args: 'IP=10.80.9.9' }
  agent.does(failing('10.80.9.9 is in a block of host far, which refuses it: container db has it'))
  const { code, said } = await refusedAdd('c1', wish)
  assert.equal(
    [code, said.split(';')[0]],
    [11, '10.80.9.9 is in a block of host far, which refuses it: container db has it'],
  )
  assert.equal(
    agent.claims().map(({ families, addresses }) => [families, addresses]),
    [[[], ['10.80.9.9']]],
  )
  agent.gives('net', dataDir, { blocks: ['10.80.1.0/28', '10.80.9.0/28'] })
  assert.equal(await add('c1', wish), ['10.80.9.9'])
  agent.gives('net', dataDir, { blocks: ['10.80.1.0/28'], singles: ['10.80.44.44'] })
  assert.equal(await add('c2', { args: 'IP=10.80.44.44' }), ['10.80.44.44'])
  agent.does(failing('10.99.0.1 is in no range of pool blue', 7))
  assert.is((await refusedAdd('c3', { args: 'IP=10.99.0.1' })).code, 7)
  assert.equal(reserved(), ['10.80.44.44', '10.80.9.9'])
})

test('three quarters full: a spare block is claimed in the background, once, with no stream of the ADD', async () => {
  const blocks = ['10.80.1.0/28', '10.80.2.0/28']
  holding({ blocks: ['10.80.1.0/28'] })
  for (let at = 0; at < 11; at++) await add(`c${at}`)
  assert.equal(agent.claims(), [])
  agent.gives('net', dataDir, { blocks })
  const action = readFileSync(`${agent.directory}/agent/action`, 'utf8')
  agent.does(`echo $$ > pid; until [ -e '${go}' ]; do sleep 0.01; done\n${action}`)
  for (const id of ['c11', 'c12']) await add(id)
  const pidFile = `${agent.directory}/agent/pid`
  await until('the claim runs', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')
  const pid = readFileSync(pidFile, 'utf8').trim()
  const streams = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/ .*/, ''))
  assert.equal(streams, ['/memfd:patchbay', `${state}/net.claim`, '/dev/null'])
  writeFileSync(go, '')
  await until('the spare block is there', () =>
    readFileSync(fileOf('net', dataDir), 'utf8').includes(blocks[1] ?? ''),
  )
  await until('it has ended', () => !existsSync(`/proc/${pid}`))
  for (const id of ['c13', 'c14']) await add(id)
  assert.equal(
    agent.claims().map(({ families }) => families),
    [[4]],
  )
})

test('no spare block is claimed where the agent runs, and after a failure not again at once', async () => {
  holding({ blocks: ['10.80.1.0/31'] })
  await whileAgentRuns(async () => {
    for (const id of ['c1', 'c2']) await add(id)
  })
  assert.equal(agent.claims(), [])
  for (const id of ['c1', 'c2']) await del(id)
  await add('c1')
  await add('c2')
  await until('the claim has failed', () =>
    readFileSync(`${state}/net.claim`, 'utf8').includes('no claim was expected'),
  )
  for (const id of ['c1', 'c2']) await del(id)
  for (const id of ['c1', 'c2']) await add(id)
  assert.is(agent.claims().length, 1)
})

test('without patchbay-agent ADD and STATUS say how it is installed, and go on with what is at hand', async () => {
  const directory = `${scratch}/alone`
  command('cp', '-a', agent.directory, directory)
  rmSync(`${directory}/patchbay-agent`)
  const { code, said } = await refusedAdd('c1', { directory })
  assert.is(code, 11)
  assert.match(said, 'no block could be claimed: patchbay-agent, which speaks with etcd, is not installed')
  assert.match(said, 'patchbay install --agent')
  assert.is(said.split(`${directory}/patchbay-agent`).length, 2, 'it names each place once')
  const status = await call(request('STATUS', '', { directory }))
  assert.is(status.json?.code, 50)
  holding({ blocks: ['10.80.1.0/28'] })
  assert.equal(await add('c1', { directory }), ['10.80.1.0'])
  assert.equal(await call(request('STATUS', '', { directory })), done)
})

test('STATUS warns when nothing is free and the last claim failed, and fails then only by statusWhenFull', async () => {
  assert.equal(await call(request('STATUS', '')), done)
  agent.does(failing('no member of etcd answers'))
  await refusedAdd('c1')
  const warned = await call(request('STATUS', ''))
  assert.is(warned.status, 0)
  assert.match(
    warned.stderr,
    'pool blue: this host holds no block, and the last claim failed: no member of etcd answers',
  )
  const failed = await call(request('STATUS', '', {}, { statusWhenFull: 'fail' }))
  assert.is(failed.json?.code, 50)
  const claim = lock(`${state}/net.claim`, { milliseconds: 0, timedOut: (path) => new Error(path) })
  assert.equal(await call(request('STATUS', '', {}, { statusWhenFull: 'fail' })), done, 'a claim runs')
  close(claim)
  holding({ blocks: ['10.80.1.0/28'] })
  assert.equal(await call(request('STATUS', '', {}, { statusWhenFull: 'fail' })), done)
})

test('a pool that is being deleted gives no address, a file of another pool none, and a damaged one is asked of the store again', async () => {
  const blocks = ['10.80.1.0/28']
  holding({ blocks, closing: true })
  agent.does(failing('pool blue is being deleted'))
  assert.match((await refusedAdd('c1')).said, 'pool blue is being deleted')
  holding({ blocks, pool: 'green' })
  assert.is((await refusedAdd('c1')).code, 11)
  writeFileSync(fileOf('net', dataDir), '{"network":"net","pool":')
  agent.gives('net', dataDir, { blocks })
  const answer = await call(request('ADD', 'c1'))
  assert.equal(given(answer), ['10.80.1.0'])
  assert.match(answer.stderr, 'net.json is damaged')
})

test('after a boot the blocks are held, and the addresses of containers before it are free', async () => {
  holding({ blocks: ['10.80.1.0/31'] })
  for (const id of ['c1', 'c2']) await add(id)
  newBootId()
  assert.equal(await add('c3'), ['10.80.1.0'])
  assert.equal(reserved(), ['10.80.1.0'])
})

const harmed = { engine: 'test', directory: `${scratch}/harmed` } as const

test('a failing call of ADD, or a kill there, leaves no address, or does no harm, with a block at hand and with a claim', async () => {
  const own = standInAgent(`${executables('test')}/patchbay`, harmed.directory)
  const look = () => reserved().map((name) => `${name} ${readFileSync(`${dataDir}/net/${name}`, 'utf8')}`)
  holding({ ...dual, blocks: ['10.80.1.0/28', 'fd00:80::10/124'] })
  await call(request('ADD', 'resident', harmed))
  assert.equal(await harmOfFailures(request('ADD', 'c1', harmed), { look }), [])
  assert.equal(await harmOfKills(request('ADD', 'c1', harmed), { look }), [])
  const first = { ...dual, blocks: ['10.80.1.0/28'] }
  const tidy = () => {
    rmSync(state, { recursive: true, force: true })
    holding(first)
    own.gives('net', dataDir, { ...dual, blocks: ['10.80.1.0/28', 'fd00:80::20/124'] })
  }
  tidy()
  assert.equal(await harmOfFailures(request('ADD', 'c1', harmed), { look, tidy }), [])
  tidy()
  // The claim goes on when the ADD is killed; the next ADD goes on from what both leave.
  const next = async () => {
    await until('no claim runs', () => !isLocked(`${state}/net.claim`))
    assert.is((await add('next', harmed)).length, 2)
    await del('next')
    tidy()
  }
  assert.equal(await harmOfKills(request('ADD', 'c1', harmed), { look, tidy: next }), [])
})

test.run()
