/** A section `ipam` without a type: a container would have no address, so ADD refuses it, and DEL has nothing to do. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { done, errorOf, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { engines } from '../harness/status.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add up0 up type veth peer name up1')

for (const engine of engines)
  for (const own of [
    { type: 'bridge', bridge: 'br0' },
    { type: 'macvlan', master: 'up0' },
  ])
    test(`${engine}, ${own.type}: ADD is refused with code 7 and leaves nothing, STATUS is code 50, DEL succeeds`, async () => {
      const config = { ...own, name: 'net', cniVersion: '1.1.0', ipam: { subnet: '10.1.1.0/24' } }
      const container = newContainer()
      const add = await refused({ config, engine }, container)
      const status = errorOf(await call({ verb: 'STATUS', config, engine }))
      assert.equal([add.code, status.code], [7, 50])
      for (const { said } of [add, status]) assert.match(said, /^ipam\.type is missing: name the IPAM plugin/)
      assert.equal(await call({ verb: 'DEL', config, engine, netns: container.path }), done)
    })

test.run()
