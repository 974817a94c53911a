/** Tries one example: attaches two containers, pings from one to the other, and measures ADD and DEL. */

import { release } from 'node:os'
import { execa } from 'execa'
import type { Example } from '../example.ts'
import { addAddresses, farHost, ip, makeContainer, nearHost, removeContainer } from './host.ts'
import { configurationAcross, remotesOf, takesPings } from './kinds.ts'
import { prepare } from './prepare.ts'
import type { Row } from './row.ts'
import { type Attachment, call, completed, type Result, withNextAddresses, withoutStore } from './runtime.ts'

/** Attaches a pair of containers, as a runtime does, and detaches them. */
export async function tryOut(example: Example, executables: string): Promise<Row> {
  await prepare(example.plugin)
  const pair = await pairOf(example, executables)
  const row = { example: example.title, kernel: release(), addresses: '', add: '', del: '', ping: '' }
  const containers = pair.map(({ container }) => container)
  for (const container of containers) await makeContainer(container)
  try {
    const up = await attach(pair, await takesPings(example.plugin)).finally(async () => {
      row.del = await detach(pair)
    })
    return { ...row, ...up, failed: up.ping === noAnswer }
  } catch (error) {
    return { ...row, addresses: (error as Error).message, failed: true }
  } finally {
    for (const container of containers) await removeContainer(container)
  }
}

/** The second container is on the far host if the kind requires it. That host gets the addresses that the example names. */
async function pairOf(example: Example, executables: string): Promise<[Attachment, Attachment]> {
  const plugin = withoutStore(example.plugin)
  const across = await configurationAcross(plugin)
  if (typeof plugin.local === 'string') await addAddresses(nearHost, [plugin.local])
  await addAddresses(farHost, await remotesOf(plugin))
  const second = completed(example, withNextAddresses(across ?? plugin))
  return [
    { container: 'one', host: nearHost, configs: completed(example, plugin), executables },
    { container: 'two', host: across ? farHost : nearHost, configs: second, executables },
  ]
}

/** ADD of both. The shorter time is shown, since the first ADD also makes the shared devices of the network. */
async function attach([one, two]: [Attachment, Attachment], arePinged: boolean) {
  const [first, second] = [await call('ADD', one), await call('ADD', two)]
  return {
    addresses: (first.result.ips ?? []).map(({ address }) => address).join(' ') || 'none (L2)',
    add: Math.min(first.milliseconds, second.milliseconds).toFixed(0),
    ping: arePinged ? await pingBetween(first.result, second.result) : 'not tried',
  }
}

async function detach(pair: [Attachment, Attachment]): Promise<string> {
  const [first, second] = [await call('DEL', pair[0]), await call('DEL', pair[1])]
  return Math.min(first.milliseconds, second.milliseconds).toFixed(0)
}

const noAnswer = 'no answer'

/** Pings each address of the second container from the first. Without addresses from IPAM, both get one here. */
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

/** The average round trip in milliseconds; undefined without an answer. `-I`: the interface may be in a VRF. */
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
