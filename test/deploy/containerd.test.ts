/** containerd renders our template when the kubelet tells it the node's subnets. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { fetchContainerd, startContainerd, stop, tellSubnets } from './harness/containerd.ts'
import { kubernetesNetwork } from './harness/network.ts'

await fetchContainerd()
await privateHost()

const template = join(import.meta.dirname, '../../deploy/containerd/patchbay.conflist.template')

for (const subnets of [['10.1.2.0/24'], ['10.1.2.0/24', 'fd00:1:2::/64']])
  test(`a node with ${subnets.join(' and ')}`, async () => {
    const directory = join(scratch, String(subnets.length))
    mkdirSync(join(directory, 'net.d'), { recursive: true })
    const containerd = await startContainerd(directory, template)
    try {
      const socket = join(directory, 'socket')
      await until('the subnets are taken', async () => (await tellSubnets(socket, subnets.join(','))) === 0)
      const file = join(directory, 'net.d/10-containerd-net.conflist')
      assert.ok(existsSync(file))
      assert.equal(JSON.parse(readFileSync(file, 'utf8')), kubernetesNetwork(...subnets))
    } finally {
      await stop(containerd)
    }
  })

test.run()
