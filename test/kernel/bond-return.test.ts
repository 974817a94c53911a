/** bond and team: members come back as they were, also after a second ADD, beside an ADD, and without a record. */
// needs: link bond, link team

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { cables, hostNics, nics, ownCables } from '../harness/cables.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { exists, inContainer } from '../harness/look.ts'
import { type Call, call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

function requestFor(type: string, names: string[], keys: Record<string, unknown> = {}): Call {
  const links = names.map((name) => ({ name }))
  const container = newContainer()
  const config = { type, name: 'net', cniVersion: '1.1.0', links, ...keys }
  return { verb: 'ADD', config, containerID: container.name, netns: container.path }
}

const del = (request: Call) => call({ ...request, verb: 'DEL' })

for (const type of ['bond', 'team']) {
  test(`${type}: a second ADD over an open loan does not forget how the members were`, async () => {
    const request = requestFor(type, cables, { linksInContainer: true })
    const container = { name: request.containerID ?? '', path: request.netns ?? '' }
    ownCables(container)
    inContainer(container, 'route add default via 192.0.2.254 dev net1')
    setSysctl('net/ipv4/conf/net1/rp_filter', 2, container.name)
    const look = () => snapshotOf(container.name)
    const before = look()
    for (const _ of [1, 2]) {
      await added(request)
      inContainer(container, 'link delete eth0')
    }
    assert.equal(await del(request), done)
    unchanged(before, look)
  })

  test(`${type}: the host has its routes by way of the NICs again, after DEL and after a refused ADD`, async () => {
    hostNics()
    ip('route add default via 192.0.2.254 dev eth1 metric 9')
    ip('-6 route add default via 2001:db8::ff dev eth1')
    const before = snapshot()
    const request = requestFor(type, nics)
    await added(request)
    assert.equal(await del(request), done)
    unchanged(before)
    const ipam = { type: 'static', addresses: [{ address: '10.1.1.1/24', gateway: '10.1.1.9' }] }
    const routes = [{ dst: '10.2.0.0/16', gw: '224.0.0.9' }]
    const config = { ...(request.config as { type: string }), ipam: { ...ipam, routes } }
    const { json } = await call({ ...request, config })
    assert.ok(json?.code, JSON.stringify(json))
    unchanged(before)
    for (const name of nics) ip(`link delete ${name}`)
  })

  test(`${type}: without any record the NICs come home by their marks, after the ${type} is deleted`, async () => {
    hostNics()
    const request = requestFor(type, nics)
    await added(request)
    rmSync('/run/patchbay', { recursive: true })
    assert.equal(await del(request), done)
    assert.equal(
      nics.map((name) => exists(name)),
      [true, true],
    )
    for (const name of nics) ip(`link delete ${name}`)
  })
}

test('DEL beside ADD of the same bond loses no NIC', async () => {
  hostNics()
  const before = snapshot()
  const request = requestFor('bond', nics)
  for (const _ of [1, 2, 3]) {
    const [, deleted] = await Promise.all([call(request), del(request)])
    assert.is(deleted.status, 0, JSON.stringify(deleted.json))
    assert.equal(await del(request), done)
    unchanged(before)
  }
})

test.run()
