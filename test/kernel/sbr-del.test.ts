/** sbr: failing calls, DEL without the interface or the namespace, the lock, rules of others. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ask, rich, routed, rules } from '../harness/behind.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { type Netns, privateHost, removeContainer } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import type { Engine } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']

test('a failing call of ADD leaves rules and routes as they were; a killed one leaves none after DEL', async () => {
  const { container, request } = routed({ addSourceHints: true })
  for (const words of rich) inContainer(container, words)
  const place = { look: () => snapshotOf(container.name), tidy: () => renew(container) }
  assert.equal(await harmOfFailures({ ...request, verb: 'ADD' }, place), [])
  assert.equal(await harmOfKills({ ...request, verb: 'ADD' }, place), [])
  // DEL puts nothing back into table main.
  const look = () => place.look().filter((line) => !/^route .*"table":254/.test(line))
  assert.equal(await harmOfFailuresInDel({ ...request, verb: 'ADD' }, { ...place, look }), [])
  removeContainer(container)
})

/** DEL leaves table main without the interface's routes, as the interface is deleted next. */
function renew(container: Netns): void {
  for (const words of ['route flush dev eth0', '-6 route flush dev eth0']) inContainer(container, words)
  const { address } = link('eth0', container)
  inContainer(container, 'link set eth0 down')
  inContainer(container, `link set eth0 address ${address}`)
  inContainer(container, 'address flush dev eth0')
  inContainer(container, 'link set eth0 up')
  inContainer(container, 'address add 10.9.0.2/24 dev eth0')
  inContainer(container, 'address add fd09::2/64 dev eth0 nodad')
  inContainer(container, 'route append default via 10.9.0.1 dev eth0')
  inContainer(container, '-6 route append default via fd09::1 dev eth0 metric 1000')
  for (const words of rich) inContainer(container, words)
}

for (const engine of engines) {
  for (const knows of [true, false])
    test(`${engine}: DEL removes the rules when the interface is gone, ${knows ? 'by the result' : 'without a result those that lead nowhere'}`, async () => {
      const names = ['eth0', 'eth1']
      const { container, requestOf } = routed({}, {}, names)
      for (const index of [0, 1]) await added({ ...requestOf(index), engine })
      inContainer(container, 'link delete eth0')
      const request = requestOf(0)
      const { prevResult, ...config } = request.config
      for (let twice = 0; twice < 2; twice++)
        assert.equal(
          await ask('DEL', { ...request, engine, config: knows ? { ...config, prevResult } : config }),
          done,
        )
      assert.equal([rules(container, 4), rules(container, 6)], [['10.9.1.2 102'], ['fd09:1::2 103']])
      assert.equal(await ask('CHECK', { ...requestOf(1), engine }), done)
      removeContainer(container)
    })

  test(`${engine}: DEL with the namespace gone, with an empty CNI_NETNS and before any ADD makes no file`, async () => {
    const { container, request } = routed()
    await added({ ...request, engine })
    removeContainer(container)
    const before = snapshot()
    for (const netns of [request.netns, '', '/run/netns/never'])
      for (let twice = 0; twice < 2; twice++)
        assert.equal(await ask('DEL', { ...request, netns, engine }), done)
    assert.not.ok(existsSync(request.netns))
    assert.not.ok(existsSync('/run/netns/never'))
    unchanged(before)
  })
}

test('DEL removes the rules to a given table when the interface is gone, without a result, too', async () => {
  const { container, requestOf } = routed({ table: 7000 }, {}, ['eth0', 'eth1'])
  for (const index of [0, 1]) await added(requestOf(index))
  inContainer(container, 'route add default via 10.9.1.1 table 7000')
  inContainer(container, 'link delete eth0')
  const { prevResult: _, ...config } = requestOf(0).config
  assert.equal(await ask('DEL', { ...requestOf(0), config }), done)
  assert.equal([rules(container, 4), rules(container, 6)], [['10.9.1.2 7000'], ['fd09:1::2 7000']])
  removeContainer(container)
})

test('ADD and DEL wait for the lock of the namespace, and end with code 11 that names its holder', async () => {
  const { container, request } = routed()
  await added(request)
  const { pid = 0, stdout } = spawn('flock', ['-F', container.path, 'sh', '-c', 'echo held; kill -STOP $$'])
  await once(stdout, 'data')
  const answers = ['ADD', 'DEL'] as const
  for (const { json } of await Promise.all(answers.map((which) => ask(which, request)))) {
    assert.is(json?.code, 11, JSON.stringify(json))
    assert.match(String(json?.msg), `process ${pid} (sh) holds a lock`)
    assert.match(String(json?.details), container.path)
  }
  assert.equal(await ask('CHECK', request), done)
  process.kill(pid, 'SIGKILL')
  await until('the lock is free', async () => (await ask('DEL', request)).status === 0)
  removeContainer(container)
})

test('DEL with a configuration that is wrong, or another table by now, works', async () => {
  for (const keys of [{ table: 'x', gateways: 5 }, { table: 9 }, { gateways: ['10.9.0.1', '10.9.0.2'] }]) {
    const { container, request } = routed()
    await added(request)
    const config = { ...request.config, ...keys }
    assert.is((await ask('DEL', { ...request, config })).status, 0)
    assert.equal([rules(container, 4), rules(container, 6)], [[], []])
    removeContainer(container)
  }
})

test('rules of others stay: another address, another condition, the host’s', async () => {
  const { container, request } = routed()
  await added(request)
  const others = [
    'from 10.9.0.2 fwmark 0x5 lookup 900',
    'from 10.9.0.0/24 lookup 900',
    'from 10.9.0.9 lookup main',
  ]
  for (const words of others) inContainer(container, `rule add ${words}`)
  ip('rule add from 10.9.0.2 lookup 900')
  assert.equal(await ask('DEL', request), done)
  const left = inContainer(container, 'rule show')
  for (const words of others) assert.match(left, words)
  assert.match(ip('rule show'), 'from 10.9.0.2 lookup 900')
  ip('rule del from 10.9.0.2 lookup 900')
  removeContainer(container)
})

test.run()
