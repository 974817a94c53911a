/** Round trip of a bridge with addresses of a pool, whose blocks are at hand, and what DEL does without the container's namespace. */

import * as assert from 'uvu/assert'
import { attachTwo } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { hold, reservedBelow } from '../harness/pool.ts'
import { isUp, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const dataDir = '/var/lib/cni/networks'
const ranges = [{ subnet: '10.80.0.0/16' }, { subnet: 'fd00:80::/64' }]
const blocks = ['10.80.1.0/28', 'fd00:80::10/124']
for (const name of ['trip', 'net']) hold(name, dataDir, { ranges, blocks })

const config = {
  type: 'bridge',
  bridge: 'brpool',
  isDefaultGateway: true,
  ipam: { type: 'pool', pool: 'blue' },
}

testRoundTrips('a bridge with addresses of a pool', {
  config,
  expect(found, container) {
    isUp('veth', 1500)(found)
    const own = addresses('eth0', container).join()
    assert.match(own, /10\.80\.1\.\d+\/16/)
    assert.match(own, /fd00:80::1[0-9a-f]\/64/)
    assert.match(JSON.stringify(addresses('brpool')), '10.80.0.1/16')
  },
  breaks: {
    ...usual('an address is missing'),
    'the address is reserved for none': () =>
      command('sh', '-c', `rm ${dataDir}/trip/10.80.1.* ${dataDir}/trip/fd00*`),
  },
})

test('two containers reach each other, and DEL after the namespace is gone frees the addresses', async () => {
  const net = network('net', config, '1.1.0')
  const { one, other } = await attachTwo(net)
  assert.ok(pings(one, ...other.addresses))
  for (const each of [one, other]) removeContainer(each)
  for (const each of [one, other]) await each.del()
  assert.equal(reservedBelow(dataDir, 'net'), [])
})

test.run()
