/** Round trip of ipvlan in each mode and with each flag. */
// needs: link ipvlan

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { inContainer, type Link } from '../harness/look.ts'
import { type Kind, noticed, roundTrip, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()
lan('nic0')
ip('link add other type veth peer name rehto')

type Breaks = Kind['breaks']

/** The kernel changes mode and flag of all ipvlans on a parent together. */
const set = (words: string) => (container: Netns) =>
  void inContainer(container, `link set dev eth0 type ipvlan ${words}`)

/** Faults in any mode. */
const general: Breaks = {
  'an address is missing': (container) => inContainer(container, 'address flush dev eth0 scope global'),
  'the interface is down': (container) => inContainer(container, 'link set eth0 down'),
  'the MTU is another': (container) => inContainer(container, 'link set eth0 mtu 1300'),
  'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
  'the parent is another': (container) => {
    inContainer(container, 'link delete eth0')
    ip(`link add link other name eth0 netns ${container.name} type ipvlan mode l2`)
  },
  'it is no ipvlan': (container) => {
    inContainer(container, 'link delete eth0')
    inContainer(container, 'link add eth0 type veth peer name 0hte')
  },
}

/** The round trip of a mode and a flag, with all keys. */
function ipvlan(mode: string, flag: string, breaks: Breaks): Kind {
  return {
    config: { type: 'ipvlan', master: 'nic0', mode, flag, mtu: 1400 },
    subnets: ['10.80.0.0/24', 'fd80::/64'],
    expect: (link) => assertIpvlan(link, mode, flag),
    breaks,
  }
}

function assertIpvlan({ mtu, flags, linkinfo }: Link, mode: string, flag: string): void {
  assert.equal([linkinfo?.info_kind, mtu, linkinfo?.info_data], ['ipvlan', 1400, { mode, [flag]: true }])
  assert.equal([flags.includes('UP'), flags.includes('NOARP')], [true, mode !== 'l2'])
}

const l2 = ipvlan('l2', 'bridge', { ...general, 'the mode is another': set('mode l3') })
const l3 = ipvlan('l3', 'bridge', { 'the mode is another': set('mode l3s') })
const l3s = ipvlan('l3s', 'bridge', { 'the mode is another': set('mode l2') })

for (const [name, kind] of Object.entries({ l2, l3, l3s })) testRoundTrips(`ipvlan ${name}`, kind)

/** They differ from those above in one bit only: one version is enough. */
const flagged: Record<string, Kind> = {
  'l2 private': ipvlan('l2', 'private', { 'the flag is another': set('mode l2 vepa') }),
  'l2 vepa': ipvlan('l2', 'vepa', { 'the flag is another': set('mode l2 bridge') }),
  'l3 private': ipvlan('l3', 'private', { 'the flag is another': set('mode l3 bridge') }),
  'l3 vepa': ipvlan('l3', 'vepa', { 'the flag is another': set('mode l3 private') }),
}

for (const [name, kind] of Object.entries(flagged)) {
  test(`ipvlan ${name}: up and as configured, and DEL leaves nothing`, () => roundTrip(kind, '1.1.0'))
  test(`ipvlan ${name}: CHECK notices that the flag is another`, async () => {
    assert.match(await noticed(kind, 'the flag is another'), 'they changed for all ipvlans on nic0')
  })
}

test.run()
