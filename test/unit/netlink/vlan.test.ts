import { AttrStream } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import type { Link } from '../../../shared/netlink/link.ts'
import { hasTag, parseVlan, type VlanOptions, vlanKind } from '../../../shared/netlink/vlan.ts'
import { test } from '../../harness/test.ts'

const options: Required<VlanOptions> = {
  id: 4094,
  protocol: '802.1ad',
  reorder: false,
  gvrp: true,
  mvrp: true,
  looseBinding: true,
  ingress: new Map([[3, 5]]),
  egress: new Map([
    [5, 3],
    [0xffffffff, 7],
  ]),
}

function dataOf(wanted: VlanOptions): Buffer {
  const stream = new AttrStream()
  stream.emit(vlanKind(wanted).data ?? [])
  return Buffer.concat(stream.bufs)
}

test('encoded options are parsed to the same', () => {
  assert.equal(parseVlan(dataOf(options)), options)
})

test('the bytes are as in include/uapi/linux/if_link.h: the protocol in network order, flags with their mask', () => {
  const hex = dataOf({ id: 100, protocol: '802.1Q', reorder: true, gvrp: false }).toString('hex')
  assert.is(hex, '0600010064000000' + '0600050081000000' + '0c000200' + '01000000' + '03000000')
})

test('the words are iproute2’s', () => {
  assert.is(
    vlanKind(options).words,
    'protocol 802.1ad id 4094 reorder_hdr off gvrp on loose_binding on mvrp on ingress-qos-map 3:5 egress-qos-map 5:3 4294967295:7',
  )
  assert.is(vlanKind({ id: 5, protocol: '802.1Q' }).words, 'protocol 802.1Q id 5')
})

test('a link has a tag when kind, id and protocol agree', () => {
  const link = { kind: 'vlan', data: dataOf(options) } as Link
  assert.ok(hasTag(link, { id: 4094, protocol: '802.1ad' }))
  assert.not(hasTag(link, { id: 4094, protocol: '802.1Q' }))
  assert.not(hasTag(link, { id: 4093, protocol: '802.1ad' }))
  assert.not(hasTag({ ...link, kind: 'macvlan' }, { id: 4094, protocol: '802.1ad' }))
})

test.run()
