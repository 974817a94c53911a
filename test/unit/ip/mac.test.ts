import * as assert from 'uvu/assert'
import { formatMac, isUnicastMac, parseMac } from '../../../shared/ip/mac.ts'
import { test } from '../../harness/test.ts'

test('a MAC address is read with colons or dashes and written with colons', () => {
  for (const text of ['02:00:5E:10:00:0a', '02-00-5e-10-00-0A']) {
    const bytes = parseMac(text)
    assert.ok(bytes)
    assert.is(formatMac(bytes), '02:00:5e:10:00:0a')
  }
})

test('text that is no MAC address is refused', () => {
  for (const text of ['', '02:00:5e:10:00', '02:00:5e:10:00:0g', '02005e10000a', '02:00:5e:10:00:0a:00']) {
    assert.is(parseMac(text), undefined, text)
  }
})

test('an interface can have neither a multicast address nor all zeros', () => {
  const unicast = (text: string) => isUnicastMac(parseMac(text) ?? Buffer.alloc(0))
  assert.ok(unicast('02:00:00:00:00:00'))
  assert.not(unicast('01:00:5e:00:00:01'))
  assert.not(unicast('00:00:00:00:00:00'))
})

test.run()
