/** ptp: impossible configurations are refused, with place and remedy, and nothing is left. */

import * as assert from 'uvu/assert'
import { refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { hostLocal, ptpNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { testRefusals } from '../harness/refusals.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const address = (keys: Record<string, string>) => ({ ipam: { type: 'static', addresses: [keys] } })

testRefusals(
  [
    [{ ipam: undefined }, 'ipam is not set', 'host-local'],
    [{ ipam: {} }, 'ipam is not set', 'host-local'],
    [
      { ipam: { ...hostLocal('10.1.2.0/24'), probe: true } },
      'ipam.probe cannot be used with ptp: take it out',
      'take probe out',
    ],
    [{ mtu: 60 }, 'mtu: must be 0 or from 68 (RFC 791) to 65535, found 60', ''],
    [{ mtu: 1279 }, 'its MTU is 1279, and IPv6 needs 1280', 'set an mtu of 1280 or more'],
    [{ mtu: 'large' }, 'mtu', ''],
    [{ ipMasqBackend: 'pf' }, '"nftables" or "iptables"', ''],
    [{ ipMas: true }, 'unknown key ipMas, did you mean ipMasq?', ''],
    [{ runtimeConfig: { mac: '01:00:5e:00:00:01' } }, 'runtimeConfig.mac', 'unicast'],
    [address({ address: '10.1.2.3/24' }), '10.1.2.3/24 without a gateway', '"gateway"'],
    [
      address({ address: '10.1.2.3/24', gateway: '10.1.2.3' }),
      'must be another address',
      'write the address of the router',
    ],
  ],
  (keys) => refused({ config: single(ptpNetwork(keys)) }),
)

test('an address that the host has a route to is refused, with the command that shows the route', async () => {
  const config = single(ptpNetwork(address({ address: '10.1.2.3/24', gateway: '10.1.2.1' })))
  ip('route add 10.1.2.3 dev lo')
  const before = snapshot()
  const { status, json } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.equal([status, json?.code], [1, 999])
  assert.is(json?.msg, 'the host has a route to 10.1.2.3/32 already, by lo: delete it, or use another range')
  assert.match(json?.details as string, 'ip -4 route show 10.1.2.3/32')
  unchanged(before)
})

test('a second ADD of an attachment is refused and removes nothing', async () => {
  const config = single(ptpNetwork())
  const container = newContainer()
  await call({ verb: 'ADD', config, netns: container.path })
  const before = snapshot()
  const again = await call({ verb: 'ADD', config, netns: container.path })
  assert.match(again.json?.msg as string, 'has an interface eth0 already')
  const elsewhere = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.match(elsewhere.json?.msg as string, 'this attachment exists already')
  unchanged(before)
})

test.run()
