import * as assert from 'uvu/assert'
import { convert, print } from '../../../shared/cni/convert.ts'
import { emptyResult, type Result } from '../../../shared/cni/result.ts'
import { versions } from '../../../shared/cni/version.ts'
import { test } from '../../harness/test.ts'

const result: Result = {
  interfaces: [
    { name: 'sbr0', mac: '6a:32:00:00:00:01' },
    {
      name: 'eth0',
      mac: '86:a6:00:00:00:01',
      mtu: 1450,
      sandbox: '/run/netns/c1',
      pciID: '0000:00:1f.6',
      socketPath: '/s',
    },
  ],
  ips: [
    { interface: 1, address: '10.77.0.2/24', gateway: '10.77.0.1' },
    { interface: 1, address: 'fd77::2/64', gateway: 'fd77::1' },
    { interface: 1, address: '10.78.0.2/24' },
  ],
  routes: [
    { dst: '0.0.0.0/0', gw: '10.77.0.1' },
    { dst: '::/0', gw: 'fd77::1', mtu: 1400, table: 0 },
    { dst: '10.9.0.0/16' },
  ],
  dns: { nameservers: ['10.77.0.1'], search: [] },
}

/** As JSON: without keys that have no value. */
const said = (...[value, version]: Parameters<typeof convert>) => JSON.parse(print(convert(value, version)))

for (const version of ['1.0.0', '1.1.0'] as const) {
  test(`${version} says everything`, () => {
    assert.equal(said(result, version), { cniVersion: version, ...result })
  })

  test(`${version} leaves out what is empty`, () => {
    assert.equal(said(emptyResult(), version), { cniVersion: version })
    assert.equal(said({ ...emptyResult(), dns: { nameservers: [] } }, version), { cniVersion: version })
  })
}

for (const version of ['0.3.0', '0.3.1', '0.4.0'] as const) {
  test(`${version} has the family of each address and the old interfaces`, () => {
    assert.equal(said(result, version), {
      cniVersion: version,
      interfaces: [
        { name: 'sbr0', mac: '6a:32:00:00:00:01' },
        { name: 'eth0', mac: '86:a6:00:00:00:01', sandbox: '/run/netns/c1' },
      ],
      ips: [
        { version: '4', interface: 1, address: '10.77.0.2/24', gateway: '10.77.0.1' },
        { version: '6', interface: 1, address: 'fd77::2/64', gateway: 'fd77::1' },
        { version: '4', interface: 1, address: '10.78.0.2/24' },
      ],
      routes: result.routes,
      dns: result.dns,
    })
  })

  test(`${version} always has dns`, () => {
    assert.equal(said(emptyResult(), version), { cniVersion: version, dns: {} })
  })
}

for (const version of ['0.1.0', '0.2.0'] as const) {
  test(`${version} has the first address of each family with its routes`, () => {
    assert.equal(said({ ...result, dns: {} }, version), {
      cniVersion: version,
      ip4: {
        ip: '10.77.0.2/24',
        gateway: '10.77.0.1',
        routes: [{ dst: '0.0.0.0/0', gw: '10.77.0.1' }, { dst: '10.9.0.0/16' }],
      },
      ip6: { ip: 'fd77::2/64', gateway: 'fd77::1', routes: [{ dst: '::/0', gw: 'fd77::1' }] },
      dns: {},
    })
  })

  test(`${version} with one family has no keys of the other`, () => {
    const ips = [{ address: 'fd77::2/64' }]
    assert.equal(said({ ...emptyResult(), ips }, version), {
      cniVersion: version,
      ip6: { ip: 'fd77::2/64' },
      dns: {},
    })
  })

  test(`${version} cannot express an attachment without addresses`, () => {
    const l2 = { ...result, ips: [] }
    assert.throws(() => convert(l2, version), /^cannot convert: no valid IP addresses$/)
  })
}

test('answers are indented by four spaces', () => {
  assert.is(print({ cniVersion: '1.1.0' }), '{\n    "cniVersion": "1.1.0"\n}\n')
})

test('a conversion does not change the result', () => {
  const before = JSON.stringify(result)
  for (const version of versions) convert(result, version)
  assert.is(JSON.stringify(result), before)
})

test.run()
