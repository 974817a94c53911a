/** ADD of macvlan with dhcp by direct calls: refused with all as it was, or leased with nothing more on the host than the journal's entry. */

import * as assert from 'uvu/assert'
import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { done, refused } from './attach.ts'
import { entryOf } from './dhcp-renewer.ts'
import { unchanged } from './expect.ts'
import { type Netns, newContainer } from './host.ts'
import { call, type Result } from './plugin.ts'
import { type Snapshot, snapshot } from './snapshot.ts'

/** How a test asks. */
export interface Asking {
  /** The NIC of the segment. */
  nic: string
  /** Keys of the dhcp section. Default: a server must answer within a second. */
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

function requestOf({ nic, ipam, args }: Asking, { name, path }: Netns) {
  const section = { type: 'dhcp', timeout: 1, ...ipam }
  const config = { name: 'lan', cniVersion: '1.0.0', type: 'macvlan', master: nic, ipam: section }
  return { config, args, containerID: name, netns: path }
}

/** ADD that is refused with code 11, and leaves host and container unchanged. @returns all that the error says */
export async function unleased(asking: Asking): Promise<string> {
  const container = newContainer()
  const { code, said } = await refused(requestOf(asking, container), container)
  assert.is(code, 11, said)
  return said
}

/** ADD that succeeds, and changes nothing on the host. */
export async function leased(asking: Asking): Promise<Leased> {
  const container = newContainer()
  const before = snapshot()
  const request = requestOf(asking, container)
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
