/** Round trip of macsec. */
// needs: link macsec

import * as assert from 'uvu/assert'
import { type Netns, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { layCable, wholeMacsec, writeKeys } from '../harness/macsec.ts'
import { type Kind, testRoundTrips, usual } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'

await privateHost()
writeKeys()
layCable()

const change = (container: Netns, words: string) =>
  inContainer(container, `link set eth0 type macsec ${words}`)

const macsec: Kind = {
  ...wholeMacsec,
  expect: ({ mtu, linkinfo, flags }) => {
    const { sci, encrypt, validation, replay_protect, window } = linkinfo?.info_data ?? {}
    assert.equal([linkinfo?.info_kind, mtu], ['macsec', 1400])
    assert.equal([encrypt, validation, replay_protect, window], [true, 'strict', true, 64])
    assert.match(String(sci), /^(0x)?0?2000000000a0007$/)
    assert.ok(flags.includes('UP'))
  },
  breaks: {
    ...usual(
      'an address is missing',
      'the interface is down',
      'the MTU is another',
      'the MAC address is another',
      'the interface is gone',
    ),
    'frames are not encrypted': (container) => change(container, 'encrypt off'),
    'frames are not protected': (container) => change(container, 'protect off'),
    'all frames are taken': (container) => change(container, 'validate disabled'),
    'the window is another': (container) => change(container, 'replay on window 65'),
    'replay is not noticed': (container) => change(container, 'replay off'),
    'another association is sent by': (container) => change(container, 'encodingsa 1'),
    'the key to send by is off': (container) => inContainer(container, 'macsec set eth0 tx sa 0 off'),
    "the peer's key is off": (container) =>
      inContainer(container, 'macsec set eth0 rx port 1 address 02:00:00:00:00:0b sa 2 off'),
    'the peer is off': (container) =>
      inContainer(container, 'macsec set eth0 rx port 1 address 02:00:00:00:00:0b off'),
    'the peer is gone': (container) =>
      inContainer(container, 'macsec del eth0 rx port 1 address 02:00:00:00:00:0b'),
  },
}

testRoundTrips('macsec', macsec)

test.run()
