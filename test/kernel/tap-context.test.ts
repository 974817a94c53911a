/** tap with an SELinux context: a program with that context makes the device in the container's namespace. */
// needs: selinux

import * as assert from 'uvu/assert'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists, link } from '../harness/look.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

for (const engine of ['quickjs', 'node'] satisfies Engine[])
  test(`${engine}: the device is as configured, in the container and nowhere else`, async () => {
    const before = snapshot()
    const container = newContainer()
    const config = {
      type: 'tap',
      name: 'net',
      cniVersion: '1.1.0',
      owner: 61000,
      multiQueue: true,
      selinuxContext: 'system_u:system_r:container_t:s0:c1,c2',
    }
    const request = { config, containerID: container.name, netns: container.path, engine }
    const { status, json } = await call({ ...request, verb: 'ADD' })
    assert.is(status, 0, JSON.stringify(json))
    assert.not.ok(exists('eth0'))
    const { type, user, multi_queue } = link('eth0', container).linkinfo?.info_data ?? {}
    assert.equal([type, Number(user), multi_queue], ['tap', 61000, true])
    assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
    unchanged(before)
  })

test.run()
