/** Our link messages against the codecs of npm's package, which have all attributes. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import * as rt from 'netlink/dist/rt/structs.js'
import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { Ifla, kindOf, linkMessage, named, settingsOf, toLink } from '../../../shared/netlink/link-message.ts'
import { test } from '../../harness/test.ts'

function bytes(data: StreamData): Buffer {
  const stream = new AttrStream()
  stream.emit(data)
  return Buffer.concat(stream.bufs)
}

const mac = Buffer.from([2, 0, 0, 0, 0, 0x1f])
const data = Buffer.from([1, 2, 3])

test('attributes of a new link are encoded as npm’s package encodes them', () => {
  const settings = {
    name: 'eth0',
    mac: '02:00:00:00:00:1f',
    mtu: 1400,
    txqlen: 7,
    master: { index: 3, name: 'br0' },
    netns: { fd: 5, path: '/run/netns/c1' },
    alias: 'a b',
  }
  const ours = linkMessage({ index: 9 }, [...settingsOf(settings), ...kindOf('veth', data)], {
    up: true,
    promisc: false,
  })
  const theirs: rt.LinkMessage = {
    kind: 'link',
    data: { index: 9, flags: { up: true }, change: { up: true, promisc: true } },
    attrs: {
      ifname: 'eth0',
      address: mac,
      mtu: 1400,
      txqlen: 7,
      master: 3,
      netNsFd: 5,
      ifalias: 'a b',
      linkinfo: bytes(ifla.formatInfo({ kind: 'veth', data })),
    },
  }
  assert.equal(
    bytes(ours),
    bytes((out) => rt.formatLinkMessage(theirs, out)),
  )
})

test('messages that npm’s package encodes are decoded, and unused attributes are ignored', () => {
  const message: rt.LinkMessage = {
    kind: 'link',
    data: { index: 9, flags: { up: true, promisc: true, lowerUp: true } },
    attrs: {
      qdisc: 'noqueue',
      ifname: 'eth0',
      address: mac,
      operstate: 6,
      mtu: 1400,
      linkNetnsid: -1,
      linkinfo: bytes(ifla.formatInfo({ kind: 'veth', data, slaveKind: 'bridge', slaveData: mac })),
      ifalias: 'ä',
    },
  }
  const link = toLink({ data: bytes((out) => rt.formatLinkMessage(message, out)) })
  assert.equal(link, {
    index: 9,
    name: 'eth0',
    kind: 'veth',
    mac: '02:00:00:00:00:1f',
    mtu: 1400,
    txqlen: undefined,
    up: true,
    running: true,
    carrier: true,
    promisc: true,
    flags: 0x100,
    group: 0,
    master: undefined,
    parent: undefined,
    parentNamespace: -1,
    alias: 'ä',
    altNames: undefined,
    data,
    portData: mac,
  })
})

test('a link has all its alternative names, and is asked for by any name', () => {
  const names = ['enp3s0', `enx${'0'.repeat(120)}`]
  const list: StreamData = (out) => {
    for (const name of names) out.push(Ifla.ALT_IFNAME, Buffer.from(`${name}\0`))
  }
  const data = bytes(linkMessage({ index: 9 }, [[Ifla.PROP_LIST, list]]))
  assert.equal(toLink({ data }).altNames, names)
  assert.equal(
    names.map((name) => named(name)[0]?.[0]),
    [Ifla.IFNAME, Ifla.ALT_IFNAME],
  )
})

test.run()
