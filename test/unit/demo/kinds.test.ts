import * as assert from 'uvu/assert'
import { near } from '../../../scripts/demo/host.ts'
import { configurationAcross, needsOf, remotesOf, takesPings } from '../../../scripts/demo/kinds.ts'
import { test } from '../../harness/test.ts'

test('the demo keeps containers that reach each other on one host', async () => {
  for (const config of [
    { type: 'bridge' },
    { type: 'macvlan' },
    { type: 'macvlan', mode: 'bridge' },
    { type: 'ipvlan', mode: 'l3', flag: 'bridge' },
    { type: 'wire' },
  ])
    assert.is(await configurationAcross(config), undefined)
})

test('other containers are placed on two hosts', async () => {
  for (const config of [
    { type: 'macvlan', mode: 'private' },
    { type: 'ipvlan', flag: 'vepa' },
    { type: 'vlan', vlanId: 5 },
    { type: 'vxlan', group: '239.0.0.1' },
  ])
    assert.is(await configurationAcross(config), config)
})

test('in mode source the other container has a listed MAC, and accepts all MACs', async () => {
  const { sourceMacs, ...config } = (await configurationAcross({
    type: 'macvlan',
    mode: 'source',
    sourceMacs: ['02:00:00:00:00:07'],
  })) as { type: string; sourceMacs?: string[] }
  assert.equal(
    [config, sourceMacs],
    [{ type: 'macvlan', mode: 'bridge', mac: '02:00:00:00:00:07' }, undefined],
  )
})

test('the other host’s remote is this host’s address', async () => {
  const across = async (config: object) => {
    const other = await configurationAcross({ type: 'vxlan', ...config })
    return [other?.remote, other?.local]
  }
  assert.equal(await across({ remote: '192.0.2.1' }), [near.ipv4, '192.0.2.1'])
  assert.equal(await across({ remotes: ['2001:db8::1', '2001:db8::2'] }), [near.ipv6, '2001:db8::1'])
  assert.equal(await across({ remote: '192.0.2.1', local: '192.0.2.9' }), ['192.0.2.9', '192.0.2.1'])
  assert.equal(await remotesOf({ type: 'vxlan', remotes: ['192.0.2.1'] }), ['192.0.2.1'])
})

test('the receiver of a macsec has its identifier and keys swapped', async () => {
  const [one, two] = [
    { sci: '01', key: 'a' },
    { sci: '02', key: 'b' },
  ]
  assert.equal(await configurationAcross({ type: 'macsec', ...one, peers: [two] }), {
    type: 'macsec',
    ...two,
    peers: [one],
  })
})

test('a CAN network is not tried with ping', async () => {
  assert.equal(await Promise.all(['bridge', 'vcan', 'vxcan'].map((type) => takesPings({ type }))), [
    true,
    false,
    false,
  ])
})

test('a kind needs its kind of link in the kernel, and the features of its keys', async () => {
  assert.equal(await needsOf({ type: 'ptp' }), [])
  assert.equal(await needsOf({ type: 'vlan', vlanId: 5 }), ['link vlan'])
  assert.equal(await needsOf({ type: 'bridge', vlan: 5, ipMasq: true }), ['bridge vlan_filtering', 'nft ip'])
})

test.run()
