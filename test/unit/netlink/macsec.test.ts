/** macsec: options to netlink attributes and back. */

import { AttrStream } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { type MacsecOptions, macsecKind, parseMacsec, sciOf } from '../../../shared/netlink/macsec.ts'
import { test } from '../../harness/test.ts'

const options: MacsecOptions = {
  sci: '02005e10000100ff',
  cipherSuite: 'GCM-AES-XPN-256',
  window: 64,
  encodingSa: 3,
  encrypt: true,
  protect: true,
  sendSci: true,
  endStation: false,
  scb: false,
  replayProtect: true,
  validate: 'check',
  offload: 'mac',
}

function bytesOf(wanted: MacsecOptions): Buffer {
  const stream = new AttrStream()
  stream.emit(macsecKind(wanted).data ?? [])
  return Buffer.concat(stream.bufs)
}

test('encoded options are decoded to the same', () => {
  assert.equal(parseMacsec(bytesOf(options)), options)
})

test('a default identifier and a missing offload are not sent to the kernel', () => {
  const { sci, offload, ...others } = parseMacsec(bytesOf({ ...options, sendSci: false, offload: 'off' }))
  assert.equal([sci, offload, others.sendSci], [undefined, undefined, false])
})

test('the kernel’s own identifier of the default cipher suite is understood', () => {
  // An attribute of 12 bytes, type 4: MACSEC_DEFAULT_CIPHER_ID, 0x0080020001000001.
  const reply = Buffer.from('0c0004000100000100028000', 'hex')
  assert.is(parseMacsec(reply).cipherSuite, 'GCM-AES-128')
})

test('the words are iproute2’s', () => {
  const { words } = macsecKind(options)
  assert.is(
    words,
    'sci 02005e10000100ff cipher gcm-aes-xpn-256 window 64 encodingsa 3 encrypt on protect on send_sci on ' +
      'end_station off scb off replay on validate check offload mac',
  )
})

test('an identifier is a MAC address and a port', () => {
  assert.is(sciOf('02:00:5E:10:00:01', 255), options.sci)
})

test.run()
