/** tuning: configurations that are refused, with message and code. */

import * as assert from 'uvu/assert'
import { added, refused } from '../harness/attach.ts'
import { type Keys, tuned } from '../harness/behind.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const outside = 'invalid net sysctl key'
const refusals: [Keys | string, number, string][] = [
  [{ prevResult: undefined }, 7, 'Required prevResult missing'],
  [{ sysctl: { 'kernel.hostname': 'x' } }, 7, `${outside}: "kernel.hostname"`],
  [{ sysctl: { 'net/../kernel/hostname': 'x' } }, 7, outside],
  [{ sysctl: { 'net.ipv4/../../kernel/hostname': 'x' } }, 7, outside],
  [{ sysctl: { '../../etc/passwd': 'x' } }, 7, outside],
  [{ sysctl: { 'net/./core/somaxconn': '1' } }, 7, outside],
  [{ sysctl: { 'net..core.somaxconn': '1' } }, 7, outside],
  [{ sysctl: { 'net.core.somaxconn\0x': '1' } }, 7, outside],
  [{ sysctl: { net: '1' } }, 7, outside],
  [{ sysctl: { '': '1' } }, 7, outside],
  [{ sysctl: { IFNAME: '1' } }, 7, outside],
  [{ sysctl: { 'net.core': '1' } }, 7, 'no net/core'],
  [{ sysctl: { 'net.core.none': '1' } }, 7, 'no net/core/none'],
  [{ sysctl: { 'net.core.somaxconn': '1\n2' } }, 7, 'a value of several lines'],
  [{ sysctl: { 'net.core.somaxconn': '1\0' } }, 7, 'a value of several lines'],
  [{ sysctl: { 'net.core.somaxconn': 'many' } }, 7, 'the kernel refuses "many" (EINVAL)'],
  [{ sysctl: { 'net.core.somaxconn': 5 } }, 7, 'must be a string'],
  [
    { sysctl: { 'net.core.somaxconn': '1', 'net/core/somaxconn': '2' } },
    7,
    'two values for net/core/somaxconn',
  ],
  [{ mtu: 67 }, 7, 'mtu: must be 0 or from 68'],
  [{ args: { cni: { mtu: 67 } } }, 7, 'args.cni.mtu: must be'],
  [{ mtu: 1000 }, 7, 'eth0 cannot have MTU 1000: it has an IPv6 address'],
  [{ mac: '01:00:5e:00:00:01' }, 7, 'mac'],
  [{ mac: 'nonsense' }, 7, 'mac'],
  [{ dataDir: 'relative' }, 7, 'dataDir'],
  [{ sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' }, mtu: 1400, dataDir: '/proc/none' }, 5, '/proc/none'],
]

for (const [keys, code, said] of refusals)
  test(`refused with code ${code}: ${JSON.stringify(keys)}`, async () => {
    const { container, request } = tuned(keys as Keys)
    const answer = await refused(request, container)
    assert.is(answer.code, code, answer.said)
    assert.match(answer.said, said)
    removeContainer(container)
  })

test('an invalid MAC address in CNI_ARGS is refused, other entries are not looked at', async () => {
  const { container, request } = tuned()
  const answer = await refused({ ...request, args: 'MAC=zz' }, container)
  assert.match(answer.said, 'invalid args "zz" for MAC addr')
  await added({ ...request, args: 'SOMETHING=1' })
  removeContainer(container)
})

test('a key that the JSON has twice is refused, in any spelling, by ADD and CHECK', async () => {
  const { container, request } = tuned({ sysctl: { 'net.core.somaxconn': '1' } })
  const text = JSON.stringify(request.config)
  for (const twice of [
    '{"net.core.somaxconn":"2","net.core.somaxconn":"1"}',
    '{"net.core.somaxconn":"2","net.core.somaxcon\\u006e":"1"}',
  ]) {
    const config = text.replace('{"net.core.somaxconn":"1"}', twice)
    for (const which of ['ADD', 'CHECK'] as const) {
      const { json } = await call({ ...request, verb: which, config, plugin: 'tuning' })
      assert.equal([json?.code, json?.msg], [7, 'duplicated sysctl keys are not allowed'])
    }
  }
  removeContainer(container)
})

test('without the interface ADD fails where an attribute is asked for', async () => {
  const { container, request } = tuned({ mtu: 1400 })
  const { code, said } = await refused({ ...request, ifname: 'eth9' }, container)
  assert.is(code, 4)
  assert.match(said, 'the container has no interface eth9')
  removeContainer(container)
})

test.run()
