import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { convert } from '../../../shared/cni/convert.ts'
import { readResult, readResultLeniently } from '../../../shared/cni/prevresult.ts'
import { emptyResult, type Result } from '../../../shared/cni/result.ts'
import { versions } from '../../../shared/cni/version.ts'
import { test } from '../../harness/test.ts'
import { notes } from './fixtures/call.ts'

const json = (value: unknown) => JSON.parse(JSON.stringify(value))

const full: Result = {
  interfaces: [{ name: 'br0' }, { name: 'eth0', mac: '86:a6:00:00:00:01', sandbox: '/run/netns/c1' }],
  ips: [
    { interface: 1, address: '10.77.0.2/24', gateway: '10.77.0.1' },
    { interface: 1, address: 'fd77::2/64', gateway: 'fd77::1' },
  ],
  routes: [
    { dst: '0.0.0.0/0', gw: '10.77.0.1' },
    { dst: '::/0', gw: 'fd77::1' },
  ],
  dns: { nameservers: ['10.77.0.1'], domain: 'example.org', search: ['a'], options: ['ndots:1'] },
}

/** A result as in the versions without interfaces. */
const flat: Result = {
  ...full,
  interfaces: [],
  ips: full.ips.map(({ address, gateway }) => ({ address, gateway })),
}

for (const version of versions) {
  const expected = version < '0.3.0' ? flat : full
  const { cniVersion, ...bare } = json(convert(full, version)) as { cniVersion: string }

  test(`a result of ${version} is read back`, () => {
    assert.equal(readResult({ cniVersion, ...bare }, version), expected)
  })

  test(`a result without cniVersion is read as ${version}, the configuration's version`, () => {
    assert.equal(readResult(bare, version), expected)
  })

  test(`a result with cniVersion ${version} is read as such in a configuration of any other`, () => {
    for (const other of versions) assert.equal(readResult({ cniVersion, ...bare }, other), expected, other)
  })
}

test('keys match whatever their case', () => {
  const raw = { Interfaces: [{ Name: 'eth0' }], IPs: [{ Address: '10.0.0.2/24', Interface: 0 }] }
  assert.equal(readResult(raw, '1.0.0'), {
    ...emptyResult(),
    interfaces: [{ name: 'eth0' }],
    ips: [{ interface: 0, address: '10.0.0.2/24' }],
  })
})

test('an absent prevResult, null and an empty object are an empty result', () => {
  for (const raw of [undefined, null, {}, { ips: null, interfaces: [], dns: {} }]) {
    assert.equal(readResult(raw, '1.1.0'), emptyResult())
    assert.equal(readResult(raw, '0.2.0'), emptyResult())
  }
})

test('faults are reported with their place', () => {
  const complaint = (raw: unknown) => {
    try {
      readResult(raw, '1.1.0')
    } catch (error) {
      const { code, message } = error as { code: number; message: string }
      return `${code} ${message}`
    }
    return undefined
  }
  assert.match(
    complaint({ ips: [{ address: '10.0.0.2/24' }, { address: '10.0.0.3' }] }) ?? '',
    /^7 prevResult\.ips\[1\]\.address is "10\.0\.0\.3", must be an address with a prefix/,
  )
  assert.match(complaint({ interfaces: [{}] }) ?? '', '7 prevResult.interfaces[0].name is missing')
  assert.match(
    complaint({ ips: [{ address: '10.0.0.2/24', interface: -1 }] }) ?? '',
    'prevResult.ips[0].interface is -1',
  )
  assert.match(complaint({ cniVersion: '9.9.9' }) ?? '', '7 prevResult.cniVersion is "9.9.9"')
  assert.match(complaint([]) ?? '', '7 prevResult is [], must be an object')
  assert.match(complaint('x') ?? '', '7 prevResult is "x", must be an object')
})

test('for DEL, the valid parts are used and the others named', () => {
  const { log, warnings } = notes()
  const raw = {
    cniVersion: '9.9.9',
    ips: [{ address: 'x' }, { address: '10.0.0.2/24', gateway: 5 }],
    interfaces: 3,
  }
  assert.equal(readResultLeniently(raw, '1.0.0', log), {
    ...emptyResult(),
    ips: [{ address: '10.0.0.2/24' }],
  })
  assert.is(warnings.length, 4)
  assert.equal(readResultLeniently('nonsense', '1.0.0', log), emptyResult())
})

test('for DEL, any JSON is read without an error', () => {
  const { log } = notes()
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...versions), (raw, version) => {
      const { ips } = readResultLeniently({ ips: raw, ip4: raw, interfaces: [raw], dns: raw }, version, log)
      assert.ok(Array.isArray(ips))
    }),
  )
})

test.run()
