/** The network has another name at DEL than at ADD: all is found by container and interface. */

import * as assert from 'uvu/assert'
import { added, done } from './attach.ts'
import { enginesOfRow } from './by-node.ts'
import { unchanged } from './expect.ts'
import { type Netns, newContainer } from './host.ts'
import { exists } from './look.ts'
import { type Configuration, call, type Engine } from './plugin.ts'
import { snapshot, snapshotOf } from './snapshot.ts'
import { test } from './test.ts'

/** An attachment whose DEL must leave nothing. */
export interface Renamed {
  config: Configuration
  ifname?: string
  /** Makes what ADD needs in the container. */
  prepare?(container: Netns): void
}

/** The test of an attachment. */
export function testRenamed(what: string, renamed: Renamed): void {
  for (const engine of enginesOfRow())
    test(`${what}: DEL leaves nothing (${engine})`, () => leavesNothing(renamed, engine))
}

async function leavesNothing(renamed: Renamed, engine: Engine): Promise<void> {
  const { config, ifname = 'eth0', prepare } = renamed
  const named = (name: string) => ({ cniVersion: '1.1.0', ...config, name })
  // What all containers of such a network share stays.
  const first = newContainer()
  prepare?.(first)
  const early = { engine, ifname, netns: first.path, containerID: 'early', config: named('before') }
  await added(early)
  assert.equal(await call({ verb: 'DEL', ...early }), done)

  const container = newContainer()
  prepare?.(container)
  const before = { host: snapshot(), inside: snapshotOf(container.name) }
  const request = { engine, ifname, netns: container.path, containerID: 'renamed' }
  await added({ ...request, config: named('before') })
  assert.equal(await call({ verb: 'DEL', ...request, config: named('after') }), done)
  assert.not.ok(exists(ifname, container))
  unchanged(before.host)
  unchanged(before.inside, () => snapshotOf(container.name))
}
