/** MAC addresses: which requests count, and the address derived from the attachment without one. */

import * as assert from 'uvu/assert'
import { attachmentMac, derivedMac, type MacConfig, requestedMac } from '../../../shared/attachment/mac.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { isUnicastMac, parseMac } from '../../../shared/ip/mac.ts'
import { test } from '../../harness/test.ts'

const [env, args, runtime] = ['02:00:5e:10:00:01', '02:00:5e:10:00:02', '02:00:5e:10:00:03']

function request(config: MacConfig, MAC = ''): Request<MacConfig> {
  return { config, args: MAC ? { MAC } : {} } as Request<MacConfig>
}

test('runtimeConfig.mac has priority over args.cni.mac, and that over CNI_ARGS', () => {
  assert.is(requestedMac(request({})), undefined)
  assert.is(requestedMac(request({}, env)), env)
  assert.is(requestedMac(request({ args: { cni: { mac: args } } }, env)), args)
  assert.is(
    requestedMac(request({ args: { cni: { mac: args } }, runtimeConfig: { mac: runtime } }, env)),
    runtime,
  )
})

for (const wrong of ['01:00:5e:00:00:01', '00:00:00:00:00:00', '02:00:5e:10:00', 'none'])
  test(`${wrong} is not a unicast MAC address`, () => {
    assert.throws(() => requestedMac(request({}, wrong)), /is not a unicast MAC address/)
  })

test('a derived MAC address is the same for the same text, unicast and locally administered', () => {
  const macs = Array.from({ length: 1000 }, (_, index) => derivedMac(`text ${index}`))
  assert.is(new Set(macs).size, 1000)
  assert.is(derivedMac('text 7'), macs[7])
  for (const mac of macs) {
    const bytes = parseMac(mac) ?? Buffer.alloc(6)
    assert.ok(isUnicastMac(bytes))
    assert.is((bytes[0] ?? 0) & 2, 2)
  }
})

test('the derived MAC address differs by network, container and interface', () => {
  const attachment = { network: 'net', containerID: 'c1', ifname: 'eth0' }
  const others = [{ network: 'ten' }, { containerID: 'c2' }, { ifname: 'eth1' }]
  const macs = [attachment, ...others.map((other) => ({ ...attachment, ...other }))].map(attachmentMac)
  assert.is(new Set(macs).size, 4)
})

test.run()
