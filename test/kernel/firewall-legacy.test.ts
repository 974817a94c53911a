/** firewall where iptables-legacy drops, on kernels without nf_tables of IP, too: opened, isolated, removed; and a network without a policy. */
// needs: iptables

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { far, farHost, privateHost } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const legacy = (words: string) => command('sh', '-c', `iptables-legacy ${words} && ip6tables-legacy ${words}`)

function chain(keys: Record<string, unknown>) {
  const net = bridgeNetwork({ isDefaultGateway: true })
  return { ...net, plugins: [...net.plugins, { type: 'firewall', ...keys }] }
}

test('without rules of others nothing is needed', async () => {
  const one = await attach(chain({}))
  assert.ok(pings(one, ...Object.values(far)))
  await one.check()
  await one.del()
})

test('FORWARD with policy DROP is opened for containers, not for others, and DEL removes all', async () => {
  legacy('-P FORWARD DROP')
  const [one, other] = [await attach(chain({})), await attach(chain({}))]
  for (const each of [one, other]) {
    assert.ok(pings(each, ...Object.values(far)))
    await each.check()
  }
  await other.del()
  assert.ok(isSilent(other, far.ipv4))
  await one.del()
  assert.not.match(legacy('-S'), 'CNI-')
})

test('same-bridge by iptables: the networks do not reach each other', async () => {
  const keys = { backend: 'iptables', ingressPolicy: 'same-bridge' }
  const [one, other] = [await attach(chain(keys)), await attach(chain(keys))]
  assert.ok(pings(one, ...Object.values(far)))
  assert.ok(isSilent(one, ...other.addresses))
  for (const each of [one, other]) {
    await each.check()
    await each.del()
  }
  assert.not.match(legacy('-S'), 'CNI-')
})

test('STATUS says nothing', async () => {
  const config = { type: 'firewall', name: 'net', cniVersion: '1.1.0' }
  assert.equal(await call({ verb: 'STATUS', config }), { status: 0, json: undefined, stderr: '' })
})

test.run()
