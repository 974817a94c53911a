/** A real kubelet with containerd 1.6: pods from files, as on a node without an API server. */
// slow: builds a kubelet
// roots: containerd-1.6

import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { unchanged } from '../harness/expect.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { startContainerd } from './harness/containerd.ts'
import { clientHost } from './harness/host.ts'
import { isHealthy, kubeletLog, removePod, startKubelet, statusOf, writePod } from './harness/kubelet.ts'
import { builtKubelet } from './harness/kubelet-build.ts'
import { list, warmUp } from './harness/pod-life.ts'
import { textAt } from './harness/pod-tests.ts'
import { rootOf } from './harness/roots.ts'

const program = await builtKubelet()
await clientHost(rootOf('containerd-1.6'))

const containerd = await startContainerd('containerd-1.6', JSON.stringify(list))
await warmUp(containerd)
const kubelet = startKubelet(containerd.client, program)

/** Its own start and each look at its files take seconds. */
async function untilSoon(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 3; ; tries--)
    try {
      return await until(what, isSo)
    } catch (error) {
      if (tries === 0) throw new Error(`${(error as Error).message}\n${kubeletLog()}`)
    }
}

test('a pod runs, with an address of each family and its host port; when its file is removed, nothing is left', async () => {
  await untilSoon('the kubelet is well', isHealthy)
  const before = snapshot()
  writePod('web', 18083)
  await untilSoon('the pod runs', async () => (await statusOf('web'))?.phase === 'Running')
  const { podIPs = [] } = (await statusOf('web')) ?? {}
  assert.is(podIPs.length, 2)
  assert.ok(pings(undefined, ...podIPs.map(({ ip }) => ip)))
  assert.match(await textAt('http://127.0.0.1:18083/passwd'), 'root:')
  removePod('web')
  await untilSoon('the pod is gone', async () => (await statusOf('web')) === undefined)
  await untilSoon('containerd has stopped it', async () => (await containerd.cri.list()).length === 0)
  unchanged(before)
})

test.after(async () => {
  kubelet.kill('SIGKILL')
  await once(kubelet, 'exit')
  containerd.cri.close()
  await containerd.kill()
})

test.run()
