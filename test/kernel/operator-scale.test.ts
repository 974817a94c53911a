/** The operator's verbs on a node with a thousand attachments: less than a second of a processor each, and bounded memory. */
// needs: nft ip
// packages: python3
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

/** Of each network: a bridge has at most 1023 ports. */
const count = 500
const atOnce = 6

const portmap = { type: 'portmap', capabilities: { portMappings: true } }

function networkOf(type: string, subnet: string, keys = {}): Network {
  const net = newNetwork(type, { ipMasq: true, ipam: hostLocal(subnet), ...keys })
  return { ...net, plugins: [...net.plugins, portmap] }
}

/** Every fifth has a host port. */
async function crowd(net: Network, firstPort: number): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      const number = next++
      const port = { hostPort: firstPort + number, containerPort: 80, protocol: 'tcp' }
      const args = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'crowd', K8S_POD_NAME: `${net.name}-${number}` }
      await attach(net, { args, capabilities: { portMappings: number % 5 === 0 ? [port] : [] } })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

const program = `
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, done.stdout.count(b'\\n'))`

/** Runs a verb. @returns seconds of a processor, the peak of its memory in MiB, and the lines of its output */
function measure(words: string): { seconds: number; peak: number; lines: number } {
  const { stdout, stderr } = spawnSync(
    'python3',
    ['-c', program, `${executables()}/patchbay`, ...words.split(' ')],
    {
      encoding: 'utf8',
    },
  )
  const [status, seconds = 9, peak = 999, lines = 0] = stdout.split(' ').map(Number)
  assert.is(status, 0, stderr)
  return { seconds, peak, lines }
}

const verbs: Readonly<Record<string, number>> = {
  ls: 1001,
  'ls -o json': 20_000,
  'show crowd/net1-3': 15,
  'ipam ls': 1000,
  'ipam show 10.100.0.9': 5,
  'ipam check': 1,
  topology: 1000,
  'topology --svg': 500,
  'gc --dry-run': 1,
  doctor: 0,
  status: 10,
}

test('two networks of 500 containers: each verb takes less than a second of a processor, and 64 MiB', async () => {
  await crowd(networkOf('bridge', '10.100.0.0/16', { bridge: 'br0' }), 10_000)
  await crowd(networkOf('ptp', '10.101.0.0/16'), 20_000)
  for (const [words, least] of Object.entries(verbs)) {
    const { seconds, peak, lines } = measure(words)
    console.log(`  ${words}: ${seconds.toFixed(2)} s, ${peak.toFixed(1)} MiB, ${lines} lines`)
    assert.ok(lines >= least, words)
    assert.ok(seconds < 1 && peak < 64, words)
  }
})

test.run()
