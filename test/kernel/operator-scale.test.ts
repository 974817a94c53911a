/** The operator's verbs on a node with a thousand attachments: a second each, and memory that does not grow with what is printed. */
// slow: a thousand containers are attached

import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { privateHost } from '../harness/host.ts'
import { hostLocal, newNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const COUNT = Number(process.env.COUNT ?? 1000)
const AT_ONCE = 6

const portmap = { type: 'portmap', capabilities: { portMappings: true } }
const [bridged, routed] = ['bridge', 'ptp'].map((type, number) => {
  const net = newNetwork(type, {
    ...(type === 'bridge' && { bridge: 'br0' }),
    ipMasq: true,
    ipam: hostLocal(`10.${100 + number}.0.0/16`),
  })
  return { ...net, plugins: [...net.plugins, portmap] }
}) as [Network, Network]

async function crowd(net: Network, count: number): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      const number = next++
      const portMappings =
        number % 5
          ? []
          : [{ hostPort: (net === routed ? 20000 : 10000) + number, containerPort: 80, protocol: 'tcp' }]
      const args = {
        IgnoreUnknown: '1',
        K8S_POD_NAMESPACE: 'default',
        K8S_POD_NAME: `pod-${net.name}-${number}`,
      }
      await attach(net, { args, capabilities: { portMappings } })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Runs a verb. @returns milliseconds and the peak of its memory, MiB */
function measure(words: string): { took: number; peak: number; lines: number } {
  const file = `${executables()}/patchbay`
  const took: number[] = []
  let [peak, lines] = [0, 0]
  for (let run = 0; run < 3; run++) {
    const begin = performance.now()
    const done = spawnSync('/bin/sh', ['-c', `${file} ${words} & wait $!; s=$?; exit $s`], {
      encoding: 'utf8',
      maxBuffer: 1e9,
    })
    took.push(performance.now() - begin)
    assert.ok((done.status ?? 9) < 2, `${words}: ${done.stderr.slice(0, 1000)}`)
    lines = done.stdout.split('\n').length
  }
  const traced = spawnSync(
    'python3',
    [
      '-c',
      'import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)',
      file,
      ...words.split(' '),
    ],
    { encoding: 'utf8' },
  )
  peak = Number(traced.stdout) / 1024
  return { took: Math.min(...took), peak, lines }
}

test(`${COUNT} attachments: each verb takes less than a second`, async () => {
  await crowd(bridged, COUNT / 2)
  await crowd(routed, COUNT / 2)
  const failed: string[] = []
  for (const verb of (process.env.VERBS ?? 'gc --dry-run,ls,ls -o json').split(',')) {
    const { took, peak, lines } = measure(verb)
    console.log(`${verb}: ${Math.round(took)} ms, ${peak.toFixed(1)} MiB, ${lines} lines`)
    if (took > 1000) failed.push(verb)
  }
  assert.equal(failed, [])
  if (process.env.HOLD) spawnSync('/bin/bash', ['-c', process.env.HOLD], { stdio: 'inherit' })
})

test.run()
