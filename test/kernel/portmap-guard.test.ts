/** 127.0.0.1 at host ports opens the host's 127.0.0.1 to no neighbour: a guard drops what comes from outside, and CHECK watches over it. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { ruleset } from './firewall-containers.ts'
import { guarded } from './portmap-guarded.ts'

await privateHost()

const chains = { nftables: 'portmap-guard', iptables: 'portmap-iptables-guard' }

test('iptables: CHECK names our lost chain where another program has rules in table raw of iptables-legacy', async () => {
  const { users, end } = await guarded('iptables')
  command('iptables-legacy', '-t', 'raw', '-A', 'PREROUTING', '-j', 'ACCEPT')
  command('nft', 'delete chain ip patchbay portmap-iptables-guard')
  for (const one of users)
    assert.match(await refusal(one.check()), 'portmap-iptables-guard has 0 rules instead of 2')
  await end()
  command('iptables-legacy', '-t', 'raw', '-F')
})

for (const [backend, chain] of Object.entries(chains)) {
  const hasChain = () => ruleset().some((item) => item.chain?.name === chain)
  const flush = () => command('nft', `flush chain ip patchbay ${chain}`)

  test(`${backend}: localhost reaches the container, a neighbour does not reach localhost, until the guard is lost; CHECK notices, reapply restores it`, async () => {
    const { users, reaches, enters, end } = await guarded(backend)
    assert.is(reaches(), true)
    assert.is(enters(), false)
    flush()
    assert.is(enters(20), true)
    for (const one of users) assert.match(await refusal(one.check()), `${chain} has 0 rules instead of 2`)
    command(`${executables()}/patchbay`, 'reapply')
    for (const one of users) await one.check()
    assert.is(enters(), false)
    assert.is(reaches(), true)
    await end()
    assert.is(hasChain(), false)
  })

  test(`${backend}: the guard goes with its last user, whatever the order`, async () => {
    for (const inOrder of [true, false]) {
      const { users, end } = await guarded(backend)
      const [first, last] = inOrder ? users : [...users].reverse()
      await first?.del()
      assert.is(hasChain(), true)
      await last?.check()
      await last?.del()
      assert.is(hasChain(), false)
      await end()
    }
  })

  test(`${backend}: the next ADD brings a lost guard back`, async () => {
    const { net, users, enters, end, another } = await guarded(backend)
    flush()
    const next = await another(net)
    assert.is(enters(), false)
    for (const one of users) await one.check()
    await next.del()
    await end()
  })
}

test.run()
