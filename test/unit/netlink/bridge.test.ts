/** What is read of a bridge and of its ports, against the codecs of npm's package. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import { AttrStream, putU8, putU16, putU32, type StreamData } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { defaultVlan, parseBridge, parseBridgePort } from '../../../shared/netlink/bridge.ts'
import { test } from '../../harness/test.ts'

function bytes(data: StreamData): Buffer {
  const stream = new AttrStream()
  stream.emit(data)
  return Buffer.concat(stream.bufs)
}

test('the options of a bridge are those of its attributes', () => {
  const data = bytes(
    ifla.formatBridge({
      ageingTime: putU32(12_000),
      stpState: putU32(2),
      vlanFiltering: putU8(1),
      groupFwdMask: putU16(0x4000),
      mcastSnooping: putU8(1),
      vlanDefaultPvid: putU16(7),
    }),
  )
  assert.equal(parseBridge(data), {
    vlanFiltering: true,
    stp: true,
    ageingTime: 120,
    multicastSnooping: true,
    groupForwardMask: 0x4000,
  })
  assert.is(defaultVlan(data), 7)
})

test('the options of a port are those of its attributes', () => {
  for (const on of [0, 1]) {
    const data = bytes(ifla.formatBridgePort({ mode: on, isolated: putU8(on) }))
    assert.equal(parseBridgePort(data), { hairpin: on === 1, isolated: on === 1 })
  }
})

test('a bridge without attributes has every option off', () => {
  const off = {
    vlanFiltering: false,
    stp: false,
    ageingTime: 0,
    multicastSnooping: false,
    groupForwardMask: 0,
  }
  assert.equal(parseBridge(Buffer.alloc(0)), off)
  assert.is(defaultVlan(Buffer.alloc(0)), 0)
  assert.equal(parseBridgePort(Buffer.alloc(0)), { hairpin: false, isolated: false })
})

test.run()
