/** ADD of macvlan with dhcp by direct calls: refused with all as it was, or leased with nothing more on the host than the journal's entry. */

import * as assert from 'uvu/assert'
import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { done, refused } from './attach.ts'
import { entryOf } from './dhcp-renewer.ts'
import { unchanged } from './expect.ts'
import { type Netns, newContainer } from './host.ts'
import { call, type Result } from './plugin.ts'
import { type Snapshot, snapshot } from './snapshot.ts'
import { until } from './until.ts'

/** How a test asks. */
export interface Asking {
  /** The NIC of the segment. */
  nic: string
  /** Keys of the dhcp section. */
  ipam?: Record<string, unknown>
  /** CNI_ARGS. */
  args?: string
}

/** An ADD that succeeded. */
export interface Leased {
  container: Netns
  result: Result
  /** Warnings. */
  stderr: string
  entry: Entry | undefined
  /** DEL, after which nothing is left on the host. */
  end(): Promise<void>
}

function requestOf({ nic, ipam, args }: Asking, { name, path }: Netns, timeout: number) {
  const section = { type: 'dhcp', timeout, ...ipam }
  const config = { name: 'lan', cniVersion: '1.0.0', type: 'macvlan', master: nic, ipam: section }
  return { config, args, containerID: name, netns: path }
}

/** ADD that is refused after a second with code 11, and leaves host and container unchanged. @returns all that the error says */
export async function unleased(asking: Asking): Promise<string> {
  const container = newContainer()
  const { code, said } = await refused(requestOf(asking, container, 1), container)
  assert.is(code, 11, said)
  return said
}

/** ADD that is refused so, and says this: again until the server answers within the second, which a busy one does not. */
export async function unleasedSaying(asking: Asking, ...says: string[]): Promise<string> {
  let said = ''
  await until(`the error says ${says.join(', ')}`, async () => {
    said = await unleased(asking)
    return says.every((one) => said.includes(one))
  })
  return said
}

/** ADD that succeeds, and changes nothing on the host. */
export async function leased(asking: Asking): Promise<Leased> {
  const container = newContainer()
  const before = snapshot()
  const request = requestOf(asking, container, 20)
  const { json, stderr, status } = await call({ verb: 'ADD', ...request })
  assert.is(status, 0, JSON.stringify(json))
  unchanged(before, withoutJournal)
  const end = async () => {
    assert.equal(await call({ verb: 'DEL', ...request }), done)
    unchanged(before)
  }
  return { container, result: json as unknown as Result, stderr, entry: entryOf(container), end }
}

function withoutJournal(): Snapshot {
  return snapshot().filter((line) => !line.startsWith('file /run/patchbay/dhcp/'))
}
