import * as assert from 'uvu/assert'
import { config } from '../../../plugins/bridge/config.ts'
import { CniError, Code } from '../../../shared/error/error.ts'
import { test } from '../../harness/test.ts'

const silent = { warn: () => {}, info: () => {} }
const base = { cniVersion: '1.0.0', name: 'mynet', type: 'bridge' }

function refusal(keys: Record<string, unknown>): CniError {
  try {
    config.parse({ ...base, ...keys }, silent)
  } catch (error) {
    assert.instance(error, CniError)
    assert.is((error as CniError).code, Code.InvalidNetworkConfig)
    return error as CniError
  }
  return assert.unreachable(`accepted ${JSON.stringify(keys)}`) as never
}

test('a configuration with only a name gets the reference’s defaults', () => {
  const parsed = config.parse(base, silent)
  assert.is(parsed.bridge, 'cni0')
  assert.is(parsed.mtu, 0)
  assert.is(parsed.vlan, 0)
  for (const key of [
    'isGateway',
    'isDefaultGateway',
    'ipMasq',
    'hairpinMode',
    'promiscMode',
    'macspoofchk',
  ] as const) {
    assert.is(parsed[key], false, key)
  }
})

test('a wrong type is refused with its place, what was found and what is allowed', () => {
  const { message } = refusal({ hairpinMode: 'yes-we-need!' })
  assert.match(message, 'hairpinMode')
  assert.match(message, '"yes-we-need!"')
  assert.match(message, 'true or false')
  assert.match(refusal({ vlan: '110' }).message, 'vlan')
  assert.match(refusal({ mtu: -1 }).message, 'mtu')
  assert.match(refusal({ mtu: 12 }).message, 'from 68')
  assert.match(refusal({ bridge: 'a/b' }).message, 'bridge')
  assert.match(refusal({ ipMasqBackend: 'pf' }).message, '"nftables" or "iptables"')
})

test('keys that contradict each other are refused', () => {
  assert.match(refusal({ hairpinMode: true, promiscMode: true }).message, /hairpinMode and promiscMode/)
  assert.match(
    refusal({ disableContainerInterface: true, ipam: { type: 'static' } }).message,
    /cannot use IPAM/,
  )
  assert.match(refusal({ enabledad: true, dad: 'off' }).message, /enabledad and dad/)
  assert.match(refusal({ moveAddresses: true }).message, /uplinks/)
})

test('a trunk without an end, without a beginning, with both reversed, or empty is refused with its place', () => {
  assert.match(
    refusal({ vlanTrunk: [{ id: 5 }, { minID: 100 }] }).message,
    /vlanTrunk\[1\].*minID needs maxID/,
  )
  assert.match(refusal({ vlanTrunk: [{ maxID: 100 }] }).message, /maxID needs minID/)
  assert.match(refusal({ vlanTrunk: [{ minID: 200, maxID: 100 }] }).message, /200 is greater than maxID 100/)
  assert.match(refusal({ vlanTrunk: [{}] }).message, /neither an id nor a range/)
  assert.match(
    refusal({ vlanTrunk: [{ id: 5, maxID: 6 }] }).message,
    /id cannot be set together with minID or maxID/,
  )
  assert.match(refusal({ vlanTrunk: [{ id: 4095 }] }).message, /vlanTrunk\[0\]\.id/)
})

test('an uplink is a name, or an object with VLANs in the form of the container’s', () => {
  const { uplinks } = config.parse(
    config.canonical({ ...base, uplinks: ['eth1', { Name: 'eth2', VLAN: 7, vlanTrunk: [{ ID: 8 }] }] }),
    silent,
  )
  assert.equal(uplinks, ['eth1', { name: 'eth2', vlan: 7, vlanTrunk: [{ id: 8 }] }])
  assert.equal(config.parse({ ...base, uplinks: [{ name: 'eth1' }] }, silent).uplinks, [
    { name: 'eth1', vlan: 0 },
  ])
})

test('a wrong uplink is refused with the place in it', () => {
  const wrong = (...uplinks: unknown[]) => refusal({ uplinks }).message
  const eth1 = (keys: object) => ({ name: 'eth1', ...keys })
  assert.match(wrong('eth1', 5), 'uplinks[1] is 5, must be an interface name, or an object with a name')
  assert.match(wrong('a/b'), 'uplinks[0] is "a/b", must be an interface name, or an object')
  assert.match(wrong({ vlan: 5 }), 'uplinks[0].name is missing, must be an interface name')
  assert.match(wrong(eth1({ vlan: 4095 })), 'uplinks[0].vlan is 4095, must be a whole number from 0 to 4094')
  assert.match(wrong(eth1({ vlanTrunk: 5 })), 'uplinks[0].vlanTrunk is 5, must be a list')
  assert.match(wrong(eth1({ vlanTrunk: [{ id: 0 }] })), 'uplinks[0].vlanTrunk[0].id is 0')
  assert.match(
    wrong('eth2', eth1({ vlanTrunk: [{ id: 5 }, { minID: 5 }] })),
    'uplinks[1].vlanTrunk[1]: minID needs maxID',
  )
  assert.match(wrong(eth1({ vlans: 5 })), 'unknown key uplinks[0].vlans, did you mean uplinks[0].vlan?')
  assert.match(wrong('eth1', eth1({ vlan: 5 })), 'uplinks: eth1 is there twice')
})

test('of a wrong uplink DEL gets the valid parts', () => {
  const uplinks = [5, { name: 'eth1', vlan: 4095, vlanTrunk: [{ id: 5 }] }]
  const parsed = config.parseLeniently({ ...base, uplinks }, silent)
  assert.equal(parsed.uplinks, [{ name: 'eth1', vlan: 0, vlanTrunk: [{ id: 5 }] }])
})

test('multicast groups that the kernel never forwards are refused', () => {
  assert.match(refusal({ groupForwardMask: 1 }).message, /groupForwardMask/)
  assert.is(config.parse({ ...base, groupForwardMask: 0x4000 }, silent).groupForwardMask, 0x4000)
})

test('of a configuration that ADD refuses DEL gets the valid parts', () => {
  const parsed = config.parseLeniently(
    { ...base, bridge: 'br7', mtu: 'large', hairpinMode: true, promiscMode: true, ipMasq: true },
    silent,
  )
  assert.is(parsed.bridge, 'br7')
  assert.is(parsed.mtu, 0)
  assert.is(parsed.ipMasq, true)
})

test.run()
