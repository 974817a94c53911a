/** firewall alone: failing calls, kills, and many containers at once. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { type Call, call } from '../harness/plugin.ts'
import { quickSnapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { clean, del, foreignChain, kinds, makeBridge, ours, prepared } from './firewall-prepared.ts'

await privateHost()
makeBridge()
test.before.each(clean)

for (const [what, keys] of Object.entries(kinds)) {
  const place = ({ name }: Netns) => ({ look: () => quickSnapshot(name) })
  /** A container that was attached once: the directories of records are there. */
  const troubled = async () => {
    foreignChain()
    const { container, request } = prepared(keys)
    await added(request)
    await del(request)
    return { container, request: { verb: 'ADD', ...request } as Call }
  }

  test(`${what}: a failing call of ADD leaves nothing, or does no harm`, async () => {
    const { container, request } = await troubled()
    assert.equal(await harmOfFailures(request, place(container)), [])
  })

  test(`${what}: ADD killed before any of its calls, DEL leaves nothing`, async () => {
    const { container, request } = await troubled()
    const harm = await harmOfKills(request, place(container))
    // There the program is killed, not the plugin.
    assert.equal(
      harm.filter((line) => !/^execve .*: not killed$/.test(line)),
      [],
    )
  })

  test(`${what}: a failing call of DEL is told, or does no harm, and the next DEL leaves nothing`, async () => {
    const { container, request } = await troubled()
    assert.equal(await harmOfFailuresInDel(request, place(container)), [])
  })

  test(`${what}: twenty parallel ADDs and DELs succeed and leave nothing`, async () => {
    foreignChain()
    const all = Array.from({ length: 20 }, (_, index) =>
      prepared(
        keys,
        [`10.61.0.${index + 2}/24`, `fd61::${index + 2}/64`],
        index % 5 === 0 ? 'node' : 'quickjs',
      ),
    )
    await Promise.all(all.map(({ request }) => added(request)))
    for (const { request } of all) assert.equal(await call({ verb: 'CHECK', ...request }), done)
    const answers = await Promise.all(all.map(({ request }) => del(request)))
    for (const answer of answers) assert.equal(answer, done)
    assert.not.match(command('nft', 'list ruleset'), /patchbay|CNI|10\.61/)
    assert.equal(ours(), [])
  })
}

test.run()
