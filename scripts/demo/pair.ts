/** One example tried out: two containers wired with it, a ping between them, and the time it took. */

import { release } from 'node:os'
import { execa } from 'execa'
import type { Example } from '../example.ts'
import { addAddresses, farHost, ip, makeContainer, nearHost, removeContainer } from './host.ts'
import { configurationAcross, remotesOf, takesPings } from './kinds.ts'
import { prepare } from './prepare.ts'
import type { Row } from './row.ts'
import { type Attachment, call, completed, type Result, withNextAddresses } from './runtime.ts'

/** Wires a pair of containers, as a runtime would, and takes it down again. */
export async function tryOut(example: Example, executables: string): Promise<Row> {
  await prepare(example.plugin)
  const pair = await pairOf(example, executables)
  const row = { example: example.title, kernel: release(), addresses: '', add: '', del: '', ping: '' }
  const containers = pair.map(({ container }) => container)
  for (const container of containers) await makeContainer(container)
  try {
    const up = await wire(pair, await takesPings(example.plugin)).finally(async () => {
      row.del = await unwire(pair)
    })
    return { ...row, ...up, failed: up.ping === noAnswer }
  } catch (error) {
    return { ...row, addresses: (error as Error).message, failed: true }
  } finally {
    for (const container of containers) await removeContainer(container)
  }
}

/** The second container is on the other host where the kind wants that, which then has the addresses it is known by. */
async function pairOf(example: Example, executables: string): Promise<[Attachment, Attachment]> {
  const { plugin } = example
  const across = await configurationAcross(plugin)
  if (typeof plugin.local === 'string') await addAddresses(nearHost, [plugin.local])
  await addAddresses(farHost, await remotesOf(plugin))
  const second = completed(example, withNextAddresses(across ?? plugin))
  return [
    { container: 'one', host: nearHost, configs: completed(example, plugin), executables },
    { container: 'two', host: across ? farHost : nearHost, configs: second, executables },
  ]
}

/** ADD of both; the quicker one's time is shown, for the first makes what the network shares. */
async function wire([one, two]: [Attachment, Attachment], arePinged: boolean) {
  const [first, second] = [await call('ADD', one), await call('ADD', two)]
  return {
    addresses: (first.result.ips ?? []).map(({ address }) => address).join(' ') || 'none (L2)',
    add: Math.min(first.milliseconds, second.milliseconds).toFixed(0),
    ping: arePinged ? await pingBetween(first.result, second.result) : 'not tried',
  }
}

async function unwire(pair: [Attachment, Attachment]): Promise<string> {
  const [first, second] = [await call('DEL', pair[0]), await call('DEL', pair[1])]
  return Math.min(first.milliseconds, second.milliseconds).toFixed(0)
}

const noAnswer = 'no answer'

/** Pings from one container to the other, each address; a wire without addresses is given some for the time. */
async function pingBetween(one: Result, two: Result): Promise<string> {
  const targets = (two.ips ?? []).map(({ address }) => address.split('/')[0] ?? '')
  if (!one.ips?.length) targets.push(await addressByHand())
  const times = await Promise.all(targets.map(ping))
  return times.includes(undefined) ? noAnswer : times.map((milliseconds) => `${milliseconds} ms`).join(', ')
}

async function addressByHand(): Promise<string> {
  await ip(nearHost, '-n one address add 10.93.0.1/24 dev eth0')
  await ip(nearHost, '-n two address add 10.93.0.2/24 dev eth0')
  return '10.93.0.2'
}

/** The round trip in milliseconds, or undefined when nobody answers. By the interface, which may be in a VRF. */
async function ping(address: string): Promise<string | undefined> {
  const args = [
    'netns',
    'exec',
    'one',
    'ping',
    '-n',
    '-I',
    'eth0',
    '-c',
    '3',
    '-i',
    '0.2',
    '-w',
    '3',
    address,
  ]
  const { stdout } = await execa('ip', args, { reject: false })
  return / = [\d.]+\/([\d.]+)\//.exec(stdout ?? '')?.[1]
}
