import * as assert from 'uvu/assert'
import { attachmentAlias, hostIfname, parseAlias } from '../../../shared/cni/identity.ts'
import { test } from '../../harness/test.ts'

const attachment = { network: 'mynet', containerID: 'c0ffee', ifname: 'eth0' }

test('the name of the host’s end fits into IFNAMSIZ and is the same every time', () => {
  assert.match(hostIfname(attachment), /^veth[0-9a-f]{11}$/)
  assert.is(hostIfname(attachment), hostIfname({ ...attachment }))
})

test('other attachments have other names', () => {
  const names = new Set<string>()
  for (let index = 0; index < 20_000; index++)
    names.add(hostIfname({ ...attachment, containerID: `id${index}` }))
  names.add(hostIfname({ ...attachment, ifname: 'eth1' }))
  names.add(hostIfname({ ...attachment, network: 'other' }))
  assert.is(names.size, 20_002)
})

test('an alias names the attachment of an interface', () => {
  assert.equal(parseAlias(attachmentAlias(attachment)), attachment)
})

test('an alias from another program names no attachment, and one that is too long is left out', () => {
  assert.is(parseAlias('uplink to the switch'), undefined)
  assert.is(parseAlias('patchbay:half'), undefined)
  assert.is(parseAlias(), undefined)
  const key = 'patchbay:/c0ffee/eth0'.length
  assert.is(attachmentAlias({ ...attachment, network: 'n'.repeat(254 - key) })?.length, 254)
  assert.is(attachmentAlias({ ...attachment, network: 'n'.repeat(255 - key) }), undefined)
})

test.run()
