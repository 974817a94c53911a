/** The tests of pods over CRI. */

import * as assert from 'uvu/assert'
import { unchanged } from '../../harness/expect.ts'
import { isFullRun } from '../../harness/full.ts'
import { snapshot } from '../../harness/snapshot.ts'
import { test } from '../../harness/test.ts'
import { pings } from '../../harness/traffic.ts'
import { until } from '../../harness/until.ts'
import type { Containerd } from './containerd.ts'
import { image } from './containerd-config.ts'
import { isHealthy } from './doctor.ts'
import { answered, end } from './pod-life.ts'
import { callsOf } from './witness.ts'

/** What users do with pods. */
export function testPod({ client, cri }: Containerd): void {
  test('a pod has an address of each family, answers pings, and serves its host port; it may be stopped twice', async () => {
    const before = snapshot()
    const pod = await cri.run({ name: 'web', ports: [{ hostPort: 18083, containerPort: 80 }] })
    const addresses = await cri.addresses(pod)
    assert.match(addresses.join(), /^10\.250\.0\.\d+,fd00:10:250::[0-9a-f]+$/)
    assert.ok(pings(undefined, ...addresses))
    const container = await cri.start(pod, image, ['httpd', '-f', '-p', '80', '-h', '/etc'])
    assert.match(await textAt('http://127.0.0.1:18083/passwd'), 'root:')
    assert.match(await cri.exec(container, ['ping', '-c', '1', '-W', '60', '10.250.0.1']), answered)
    isHealthy(client, '/opt/cni/bin/patchbay')
    await cri.stop(pod)
    assert.not(await cri.isReady(pod))
    await cri.stop(pod)
    await cri.remove(pod)
    unchanged(before)
  })

  test('a pod reaches another one', async () => {
    const before = snapshot()
    const [one, other] = [await cri.run({ name: 'one' }), await cri.run({ name: 'other' })]
    const container = await cri.start(one, image, ['sleep', '1000'])
    for (const address of await cri.addresses(other))
      assert.match(await cri.exec(container, ['ping', '-c', '1', '-W', '60', address]), answered)
    for (const pod of [one, other]) await end(cri, pod)
    unchanged(before)
  })

  test('host ports come with the names of Go’s fields, and DEL twice: the second without a namespace', async () => {
    const before = snapshot()
    const calls = await callsOf(client, 'portmap', async () => {
      const pod = await cri.run({ name: 'seen', ports: [{ hostPort: 18084, containerPort: 80 }] })
      await end(cri, pod)
    })
    assert.equal(
      calls.map(({ command, netns }) => [command, netns !== '']),
      [
        ['ADD', true],
        ['DEL', true],
        ['DEL', false],
      ],
    )
    assert.equal(calls[0]?.config.runtimeConfig?.portMappings, [
      { HostPort: 18084, ContainerPort: 80, Protocol: 'tcp', HostIP: '' },
    ])
    unchanged(before)
  })
}

/** The server in the pod begins a moment after its process. */
export async function textAt(url: string): Promise<string> {
  let text: string | undefined
  await until(`${url} answers`, async () => {
    text = await fetch(url, { signal: AbortSignal.timeout(10_000) }).then(
      (answer) => answer.text(),
      () => undefined,
    )
    return text !== undefined
  })
  return text ?? ''
}

/** A hundred take half a minute. */
const inARow = isFullRun() ? 100 : 15

/** Many pods. */
export function testMany({ cri }: Containerd): void {
  test('ten pods at once have addresses and host ports of their own, and leave nothing', async () => {
    const before = snapshot()
    const numbers = Array.from({ length: 10 }, (_, number) => number)
    const ports = (number: number) => [{ hostPort: 18100 + number, containerPort: 80 }]
    const pods = await Promise.all(
      numbers.map((number) => cri.run({ name: `p${number}`, ports: ports(number) })),
    )
    const addresses = (await Promise.all(pods.map(cri.addresses))).flat()
    assert.is(new Set(addresses).size, 20)
    assert.ok(pings(undefined, ...addresses))
    await Promise.all(pods.map((pod) => end(cri, pod)))
    unchanged(before)
  })

  test(`${inARow} pods, one after another, leave nothing`, async () => {
    const before = snapshot()
    for (let number = 0; number < inARow; number++)
      await end(cri, await cri.run({ name: `r${number}`, ports: [{ hostPort: 18085, containerPort: 80 }] }))
    unchanged(before)
  })
}
