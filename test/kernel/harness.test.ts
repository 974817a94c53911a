/** What the harness does and sees without a program is what `ip` does and sees. */

import * as assert from 'uvu/assert'
import { ip, ipJson } from '../harness/command.ts'
import { newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { addresses, exists, sysctl } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const namespaces = () => ipJson<{ name: string }>('netns list').map(({ name }) => name)

test('a container is a namespace of ip, with sysctls of its own', () => {
  const container = newContainer()
  assert.equal(namespaces(), [container.name])
  setSysctl('net/ipv4/ip_forward', 1, container.name)
  assert.is(ip(`netns exec ${container.name} cat /proc/sys/net/ipv4/ip_forward`), '1\n')
  assert.equal([sysctl('net/ipv4/ip_forward', container), sysctl('net/ipv4/ip_forward')], ['1', '0'])
  removeContainer(container)
  assert.equal(namespaces(), [])
  assert.throws(() => removeContainer(container), /EINVAL|ENOENT/)
})

test('ip and the harness delete each other’s namespaces, and the links in them end', async () => {
  ip('netns add one')
  const [one, other] = [{ name: 'one', path: '/run/netns/one' }, newContainer('other')]
  for (const { name } of [one, other]) ip(`link add name to-${name} type veth peer name eth0 netns ${name}`)
  assert.ok(exists('eth0', one) && exists('eth0', other) && !exists('eth0'))
  removeContainer(one)
  ip('netns delete other')
  await until('the links are gone', () => !exists('to-one') && !exists('to-other'))
})

test('a link is found by each of its names, and has the global addresses that ip shows', () => {
  ip('link add name nic0 type veth peer name nic1')
  for (const name of ['short', 'an-alternative-name']) ip(`link property add dev nic0 altname ${name}`)
  for (const name of ['nic0', 'short', 'an-alternative-name']) assert.ok(exists(name))
  for (const address of ['10.1.2.3 peer 10.1.2.4/24', '10.1.2.5/32', 'fd00::1/64', 'fe80::1/64'])
    ip(`address add ${address} dev nic0`)
  ip('address add 10.1.9.6/24 dev nic0 scope link')
  assert.equal(addresses('nic0'), ['10.1.2.3/24', '10.1.2.5/32', 'fd00::1/64'])
  assert.equal(addresses('short'), addresses('nic0'))
  assert.equal(addresses('nic1'), [])
  assert.throws(() => addresses('nic2'), /no link nic2/)
})

test.run()
