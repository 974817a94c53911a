/** bond: configurations that are refused before any change, on any kernel. */

import * as assert from 'uvu/assert'
import { probeOf } from '../guest/features.ts'
import { errorOf, refused as refusedAdd } from '../harness/attach.ts'
import { newContainerWithNics } from '../harness/cables.ts'
import { ip, succeeds } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { assertMissing, testRefusals } from '../harness/refusals.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add eth1 type veth peer name 1hte')
ip('link add br0 type bridge')
ip('link add port type veth peer name trop')
ip('link set port master br0')

const hasBonds = succeeds('unshare', '--net', 'sh', '-c', probeOf('link bond') ?? '')
const links = [{ name: 'net1' }, { name: 'net2' }]
const base = { type: 'bond', name: 'net', cniVersion: '1.1.0', linksInContainer: true, links }

const refused = (keys: Record<string, unknown>) =>
  refusedAdd({ config: { ...base, ...keys } }, newContainerWithNics())

const inHost = { linksInContainer: false }

testRefusals(
  [
    [{ links: undefined }, 'links is missing'],
    [{ links: [] }, 'links is empty'],
    [{ links: ['net1'] }, 'links[0] is "net1", must be an object'],
    [{ links: [{}] }, 'links[0].name is missing'],
    [{ links: [links[0], links[0]] }, 'links names net1 twice'],
    [{ links: [{ name: 'a/b' }] }, 'links[0].name is "a/b"'],
    [{ mode: 'active-standby' }, 'mode is "active-standby"', '"balance-rr", "active-backup"'],
    [
      { mode: 'broadcast', primary: 'net1' },
      'primary is set but mode is "broadcast"',
      'active-backup, balance-tlb',
    ],
    [{ primary: 'net3' }, 'primary is "net3", which is not among links'],
    [{ lacpRate: 'fast' }, 'lacpRate is set but mode is "active-backup"', '802.3ad'],
    [
      { mode: '802.3ad', arpInterval: 100, arpIpTargets: ['10.0.0.1'] },
      'arpInterval is set but mode is "802.3ad"',
    ],
    [{ failOverMac: 3 }, 'failOverMac is 3, must be "none", "active", "follow", or its number'],
    [{ mode: 7 }, 'mode is 7'],
    [
      { links: [{ name: 'net1', queueId: 17 }] },
      'links[0].queueId is 17, must be a whole number from 0 to 16',
    ],
    [{ packetsPerSlave: 2 }, 'packetsPerSlave is set but mode'],
    [{ xmitHashPolicy: 'layer3+4' }, 'xmitHashPolicy is set but mode', 'balance-xor, 802.3ad'],
    [{ mode: 'balance-rr', links: [{ name: 'net1', priority: 1 }] }, 'links[0].priority is set but mode'],
    [
      { miimon: 100, arpInterval: 100, arpIpTargets: ['10.0.0.1'] },
      'miimon and arpInterval cannot be set together',
    ],
    [{ arpInterval: 100 }, 'there are no targets', 'arpIpTargets'],
    [{ arpIpTargets: ['10.0.0.1'] }, 'arpIpTargets is set but arpInterval is not'],
    [{ arpValidate: 'all' }, 'arpValidate is set but arpInterval is not'],
    [{ arpInterval: 100, arpIpTargets: ['fd00::1'] }, 'arpIpTargets has fd00::1', 'IPv4'],
    [{ arpInterval: 100, nsIp6Targets: ['fe80::1'] }, 'nsIp6Targets has fe80::1'],
    [
      { arpInterval: 100, arpIpTargets: Array.from({ length: 17 }, (_, index) => `10.0.0.${index + 1}`) },
      'arpIpTargets must have at most 16 addresses, found 17',
    ],
    [{ updelay: 150 }, 'updelay is 150, must be a multiple of miimon, which is 100'],
    [{ miimon: 0, downdelay: 100 }, 'downdelay is set but miimon is not'],
    [{ miimon: 'often' }, 'miimon is "often"'],
    [{ mode: '802.3ad', adActorSystem: '01:00:5e:00:00:01' }, 'adActorSystem is "01:00:5e:00:00:01"'],
    [{ mtu: 67 }, 'mtu: must be 0 or from 68'],
    [{ bond: 'uplinks' }, 'bond and linksInContainer cannot be set together'],
    [{ ...inHost, bond: 'uplinks', ipam: { type: 'static' } }, 'bond and ipam cannot be set together'],
    [{ ...inHost, bond: 'br0', links: [{ name: 'eth1' }] }, 'bond: the host has br0 already: a bridge'],
    [{ ...inHost, bond: 'uplinks', links: [{ name: 'eth9' }] }, 'links: the host has no interface "eth9"'],
    [{ links: [{ name: 'net9' }] }, 'links: the container has no interface "net9"', 'ENODEV'],
    [{ ...inHost, links: [{ name: 'eth9' }] }, 'links: the host has no interface "eth9"'],
    [
      { ...inHost, links: [{ name: 'port' }] },
      'links: port belongs to br0 already',
      'ip link set dev port nomaster',
    ],
    [{ ...inHost, links: [{ name: 'lo' }] }, 'links: lo is no Ethernet device'],
  ],
  refused,
)

test('on a kernel without bonds, STATUS and ADD name the module', async () => {
  const status = await call({ verb: 'STATUS', config: base })
  if (hasBonds) return assert.is(status.status, 0)
  assertMissing('bond', errorOf(status), await refused({}))
})

test.run()
