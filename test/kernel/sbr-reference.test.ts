/** sbr beside the reference, and what the reference fails at. */
// packages: containernetworking-plugins

import { existsSync, statSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ask, routed, rules } from '../harness/behind.ts'
import * as cnitool from '../harness/cnitool.ts'
import { refusal } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import type { Answer } from '../harness/plugin.ts'
import { reference } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { retried } from '../harness/until.ts'
import { isLateForReference } from '../harness/way-calls.ts'

await privateHost()

/** The reference deletes routes last, when it has its tables and rules; beside other calls it was seen to fail there. */
const failedAfterItsTables = (json: Answer['json']) => json?.msg === 'Failed to delete route: no such process'

test('beside the reference, which locks the same, no table is taken twice', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `net${index}`)
  const { container, requestOf } = routed({}, {}, names)
  const answers = names.map((_, index) =>
    index % 2 ? reference({ ...requestOf(index), verb: 'ADD' }) : ask('ADD', requestOf(index)),
  )
  for (const [index, { status, json }] of (await Promise.all(answers)).entries())
    if (status !== 0) assert.ok(index % 2 && failedAfterItsTables(json), JSON.stringify(json))
  const tables = (family: 4 | 6) => rules(container, family).map((rule) => rule.split(' ')[1])
  assert.equal([new Set(tables(4)).size, new Set(tables(6)).size], [6, 6])
  removeContainer(container)
})

// What the reference fails at.

test('CHECK of the whole list holds after ADD; the reference’s bridge misses its routes', async () => {
  const { plugins, ...net } = bridgeNetwork({ isDefaultGateway: true }, '1.0.0')
  const list = { ...net, plugins: [...plugins, { type: 'sbr' }] }
  const container = newContainer()
  const theirs = { path: '/usr/lib/cni' }
  await retried(
    () => cnitool.add(list, container, theirs),
    (said) => isLateForReference(said) || said.includes('Failed to delete route'),
    () => cnitool.del(list, container, theirs),
  )
  assert.match(await refusal(cnitool.check(list, container, theirs)), 'Failed to find')
  await cnitool.check(list, container)
  await cnitool.del(list, container)
  await cnitool.add(list, container)
  await cnitool.check(list, container)
  await cnitool.del(list, container)
  removeContainer(container)
})

test('the reference’s DEL makes a file where the namespace was, and fails; ours does neither', async () => {
  const { container, request } = routed()
  removeContainer(container)
  const gone = { ...request, netns: '/run/test/gone' }
  const { status, json } = await reference({ ...gone, verb: 'DEL' })
  assert.is(status, 1, JSON.stringify(json))
  assert.ok(statSync(gone.netns).isFile())
  assert.equal(await ask('DEL', gone), done)
  assert.equal(await ask('DEL', { ...request, netns: '/run/test/gone-too' }), done)
  assert.not.ok(existsSync('/run/test/gone-too'))
})

test('the reference’s CHECK notices nothing; ours does', async () => {
  const { container, request } = routed()
  await added(request)
  inContainer(container, 'rule del table 100')
  assert.is((await reference({ ...request, verb: 'CHECK' })).status, 0)
  assert.match(String((await ask('CHECK', request)).json?.msg), 'the container lacks its rule from 10.9.0.2')
  removeContainer(container)
})

test.run()
