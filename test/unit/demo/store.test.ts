import * as assert from 'uvu/assert'
import { withoutStore } from '../../../scripts/demo/runtime.ts'
import { test } from '../../harness/test.ts'

test('without etcd the demo has a range and a list of hosts in the place of a pool and of published peers', () => {
  const config = { type: 'vxlan', peers: 'store', arpSuppress: true, ipam: { type: 'pool', pool: 'blue' } }
  assert.equal(JSON.parse(JSON.stringify(withoutStore(config))), {
    type: 'vxlan',
    remotes: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    ipam: { type: 'host-local', subnet: '10.125.0.0/16' },
  })
})

test('the peers of other kinds stay', () => {
  const config = { type: 'macsec', peers: [{ sci: '01' }], ipam: { type: 'static' } }
  assert.equal(withoutStore(config), config)
})

test.run()
