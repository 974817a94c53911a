/** Damaged records: DEL succeeds and leaves nothing, and the next ADD succeeds. */
// needs: link macvtap, link macvlan

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { damageRecords, damages, outlivesDamage } from '../harness/damage.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost, scratch } from '../harness/host.ts'
import { lanAddresses } from '../harness/nic.ts'
import { type Configuration, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add eth1 type veth peer name eth1-peer')

const common = { name: 'net', cniVersion: '1.1.0' }

/** A plugin for each kind of record. */
const kinds: Record<string, Configuration> = {
  'a lent link': { type: 'host-device', device: 'eth1' },
  'the ends of a wire': { type: 'wire' },
  'a device node': { type: 'macvtap', master: 'uplink' },
  'a shared link': { type: 'macvlan', master: 'uplink', hostAccess: true, ipam: lanAddresses() },
}

for (const [kind, keys] of Object.entries(kinds))
  for (const [what, damage] of Object.entries(damages))
    test(`a record of ${kind} that is ${what}`, () => outlivesDamage({ ...keys, ...common }, damage))

for (const [kind, keys] of Object.entries(kinds).filter(([, { type }]) => type !== 'host-device'))
  test(`a damaged record of ${kind}, and a namespace that is gone`, () =>
    outlivesDamage({ ...keys, ...common }, () => '{}', { isGone: true }))

for (const [kind, keys] of Object.entries(kinds))
  test(`a damaged record of ${kind}, with the other engine`, () =>
    outlivesDamage({ ...keys, ...common }, () => '[]', { engine: 'node' }))

for (const engine of ['quickjs', 'node'] as const)
  test(`a record of a device node that names another file: DEL removes the node, and not that file (${engine})`, async () => {
    const before = snapshot()
    const { name: containerID, path: netns } = newContainer()
    const attachment = {
      config: { type: 'macvtap', master: 'uplink', ...common },
      containerID,
      netns,
      engine,
    }
    await added(attachment)
    const other = `${scratch}/other`
    writeFileSync(other, 'precious')
    damageRecords((text) => text.replace(/"path":"[^"]*"/, `"path":"${other}"`))
    assert.equal(await call({ verb: 'DEL', ...attachment }), done)
    assert.is(readFileSync(other, 'utf8'), 'precious')
    assert.not(existsSync(`/dev/patchbay/${containerID}`))
    unchanged(before)
  })

test.run()
