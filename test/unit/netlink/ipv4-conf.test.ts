/** The request that sets a setting of IPv4, as bytes: no kernel but the newest refuses one without the flags. */

import { AttrStream } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { changeIpv4Conf, Ipv4Conf } from '../../../shared/netlink/ipv4-conf.ts'
import { test } from '../../harness/test.ts'

test('the attributes of a family and of its settings have NLA_F_NESTED', () => {
  const stream = new AttrStream()
  stream.emit(changeIpv4Conf({ index: 7, name: 'eth0' }, Ipv4Conf.ARP_NOTIFY, 1).payload)
  const attributes = Buffer.concat(stream.bufs).subarray(16)
  assert.is(attributes.toString('hex'), ['14001a00', '10000280', '0c000180', '08001600', '01000000'].join(''))
})

test.run()
