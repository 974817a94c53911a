/** DEL of a container with masquerade: the helper of the deletion closes netfilter's socket, too, which waits for what was deleted there. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { done, readyForDel } from '../harness/attach.ts'
import { unchanged } from '../harness/expect.ts'
import { isThere, lingering, openFiles, survivesKills } from '../harness/helper.ts'
import { privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { callAlone, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']
const bridge = single(bridgeNetwork({ isGateway: true, ipMasq: true, ipMasqBackend: 'nftables' }))

// What DEL keeps is there from now on.
callAlone((await readyForDel(bridge)).del)

test('DEL and its output end before the helper, which has two sockets open', async () => {
  const { before, del, container } = await readyForDel(bridge)
  const pid = await lingering(del)
  assert.ok(isThere(pid))
  await until('it has closed all else', () => openFiles(pid).length === 2)
  assert.equal(openFiles(pid), ['socket:[N]', 'socket:[N]'])
  assert.not.ok(exists('eth0', container))
  unchanged(before)
  process.kill(pid, 'SIGKILL')
})

for (const engine of engines)
  test(`ADD with the same names, directly after DEL, again and again (${engine})`, async () => {
    const { before, del } = await readyForDel(bridge)
    for (let round = 0; round < 10; round++) {
      assert.equal(callAlone({ ...del, engine }), done)
      assert.is(callAlone({ ...del, verb: 'ADD', engine }).status, 0)
    }
    assert.equal(callAlone({ ...del, engine }), done)
    unchanged(before)
  })

test('DEL killed before, between and after the deletion of the interface: the next one leaves nothing', async () => {
  const { before, del } = await readyForDel(bridge)
  await survivesKills(del, () => unchanged(before))
})

test.run()
