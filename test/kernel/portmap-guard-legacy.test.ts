/** The same guard in table raw of iptables, on kernels without nf_tables of IP. */
// needs: no nft ip, iptables

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { guarded } from './portmap-guarded.ts'

await privateHost()
// The guest's kernel has iptables-legacy only: it takes the place of the system's default, as on a host that has chosen it.
command('mount', '--bind', '/usr/sbin/xtables-legacy-multi', '/usr/sbin/xtables-nft-multi')

const rules = () => command('iptables-legacy-save', '-t', 'raw').match(/^-A .*/gm) ?? []

test('localhost reaches the container, a neighbour does not reach localhost, until the guard is lost; CHECK notices, the next ADD restores it', async () => {
  const { net, users, reaches, enters, end, another } = await guarded('iptables')
  assert.is(reaches(), true)
  assert.is(enters(), false)
  assert.is(rules().length, 2)
  command('iptables-legacy', '-t', 'raw', '-F')
  assert.is(enters(20), true)
  for (const one of users) assert.match(await refusal(one.check()), /no rule -A PREROUTING .* in table raw/)
  const next = await another(net)
  assert.is(enters(), false)
  for (const one of [...users, next]) await one.check()
  await next.del()
  assert.is(rules().length, 2)
  await end()
  assert.equal(rules(), [])
})

test.run()
