import * as assert from 'uvu/assert'
import type { Request } from '../../../shared/cni/plugin.ts'
import { emptyResult, type Ip, type Result } from '../../../shared/cni/result.ts'
import type { StaticConfig } from '../../../shared/ipam/static/config.ts'
import { staticIpam } from '../../../shared/ipam/static/plugin.ts'
import { test } from '../../harness/test.ts'
import { fails, requestOf } from './request.ts'

type More = Partial<Request<StaticConfig>>

const request = (ipam: object, more?: More, rest: object = {}) =>
  requestOf(staticIpam, { ipam: { type: 'static', ...ipam }, ...rest }, more)
const add = (ipam: object, more?: More, rest?: object) => staticIpam.add(request(ipam, more, rest)) as Result
const addresses = (result: Result) => result.ips.map(({ address }) => address)
const four = { address: '10.10.0.1/24', gateway: '10.10.0.254' }
const six = { address: '3ffe:ffff:0:1ff::1/64', gateway: '3ffe:ffff:0::1' }

test('ADD gives addresses, routes and DNS settings as they are configured', () => {
  const routes = [
    { dst: '0.0.0.0/0' },
    { dst: '192.168.0.0/16', gw: '10.10.5.1', mtu: 1400, advmss: 1360, priority: 7, table: 100, scope: 0 },
  ]
  const dns = {
    nameservers: ['10.10.0.1'],
    domain: 'some.domain.tld',
    search: ['a.tld'],
    options: ['ndots:2'],
  }
  assert.equal(add({ addresses: [four, six], routes, dns }), {
    interfaces: [],
    ips: [four, six],
    routes,
    dns,
  })
})

test('an empty section gives an empty result', () => {
  assert.equal(add({}), emptyResult())
})

test('addresses of CNI_ARGS come after the configured ones, with the gateways of their subnets', () => {
  const args = { IP: '10.10.0.2/24,fd00::2/64,192.0.2.2/24', GATEWAY: 'fd00::1,10.10.0.254' }
  assert.equal(add({ addresses: [six] }, { args }).ips, [
    six,
    { address: '10.10.0.2/24', gateway: '10.10.0.254' },
    { address: 'fd00::2/64', gateway: 'fd00::1' },
    { address: '192.0.2.2/24' },
  ])
})

test('a gateway of CNI_ARGS is never given to a configured address', () => {
  const [configured] = add(
    { addresses: [{ address: '10.10.0.1/24' }] },
    { args: { GATEWAY: '10.10.0.254' } },
  ).ips
  assert.equal(configured, { address: '10.10.0.1/24' })
})

test('args.cni.ips replaces the configuration and CNI_ARGS, runtimeConfig.ips replaces all', () => {
  const more = { args: { IP: '10.10.0.2/24' } }
  const args = { cni: { ips: ['10.10.0.3/24', 'fd00::3/64'] } }
  const runtimeConfig = { ips: ['10.10.0.4/24'] }
  assert.equal(addresses(add({ addresses: [four] }, more, { args })), ['10.10.0.3/24', 'fd00::3/64'])
  assert.equal(addresses(add({ addresses: [four] }, more, { args, runtimeConfig })), ['10.10.0.4/24'])
  assert.equal(addresses(add({ addresses: [four] }, {}, { runtimeConfig: { ips: [] } })), [four.address])
})

test('an address without its prefix length is refused from every source', async () => {
  await fails(
    () => add({ addresses: [{ address: '10.10.0.1' }] }),
    7,
    /^ipam.addresses\[0\].address is "10.10.0.1"/,
  )
  await fails(
    () => add({}, { args: { IP: '10.10.0.1' } }),
    4,
    "the 'ip' field is expected to be in CIDR notation, got: '10.10.0.1'",
  )
  await fails(
    () => add({}, {}, { runtimeConfig: { ips: ['10.10.0.1'] } }),
    7,
    "an entry in the 'ips' field is NOT in CIDR notation, got: '10.10.0.1'",
  )
})

test('an address that is listed twice, in any spelling, is refused with its place', async () => {
  const prepare = (ipam: object, more?: More, rest?: object) =>
    staticIpam.prepare?.(request(ipam, more, rest))
  const again = { address: '3ffe:ffff:0000:01ff::1/64' }
  const message =
    'ipam.addresses[2].address is "3ffe:ffff:0000:01ff::1/64", must not be the address of ipam.addresses[1].address again'
  await fails(() => prepare({ addresses: [four, six, again] }), 7, message)
  await fails(
    () => prepare({}, {}, { runtimeConfig: { ips: ['10.10.0.1/24', '10.10.0.1/16'] } }),
    7,
    /^runtimeConfig.ips\[1\] is "10.10.0.1\/16", .* runtimeConfig.ips\[0\] again$/,
  )
  await fails(
    () => prepare({ addresses: [four] }, { args: { IP: '10.10.0.1/24' } }),
    7,
    /^IP of CNI_ARGS is "10.10.0.1\/24", .* ipam.addresses\[0\].address again$/,
  )
  prepare({ addresses: [four, six] }, { args: { IP: '10.10.0.2/24' } })
})

test('an address that no interface can have is refused with its kind', async () => {
  const bad = {
    '0.0.0.0/0': 'the unspecified address',
    '::/64': 'the unspecified address',
    '127.0.0.5/8': 'a loopback address',
    '::1/128': 'a loopback address',
    '224.0.0.9/24': 'a multicast address',
    'ff02::9/64': 'a multicast address',
    '255.255.255.255/32': 'the broadcast address',
    '10.10.0.0/24': 'the network address of its subnet',
    '10.10.0.255/24': 'the broadcast address of its subnet',
  }
  for (const [address, what] of Object.entries(bad)) {
    const message = `ipam.addresses[0].address is "${address}", ${what}: no interface can have it`
    await fails(() => staticIpam.prepare?.(request({ addresses: [{ address }] })), 7, message)
    await fails(() => add({}, { args: { IP: address } }), 7, /^IP of CNI_ARGS is /)
    await fails(() => add({}, {}, { runtimeConfig: { ips: [address] } }), 7, /^runtimeConfig.ips\[0\] is /)
  }
  const good = ['10.10.0.0/31', '10.10.1.255/31', '10.10.2.0/32', '10.10.3.0/16', 'fd00::/127']
  assert.equal(addresses(add({ addresses: good.map((address) => ({ address })) })), good)
})

test('a gateway of the other IP version, or with the container’s own address, is refused', async () => {
  for (const gateway of ['fd00::1', '10.10.0.1'])
    await fails(
      () => add({ addresses: [{ ...four, gateway }] }),
      7,
      `the gateway of ipam.addresses[0].address is "${gateway}", must be another address of the same IP version as 10.10.0.1/24`,
    )
})

test('a gateway that is no address is refused', async () => {
  await fails(() => add({}, { args: { GATEWAY: 'x' } }), 4, 'invalid gateway address: x')
  await fails(() => add({ addresses: [{ ...four, gateway: 'x' }] }), 7, /^ipam.addresses\[0\].gateway is "x"/)
})

test('a missing ipam section is refused', async () => {
  await fails(() => requestOf(staticIpam, {}), 7, /^ipam is missing/)
})

test('versions before 0.3.0 take one address of each family', async () => {
  const old = { cniVersion: '0.2.0' }
  const message = 'CNI version 0.2.0 does not support more than 1 address per family'
  await fails(
    () => add({ addresses: [four, { address: '10.10.1.1/24' }] }, { cniVersion: '0.2.0' }, old),
    7,
    message,
  )
  assert.equal(addresses(add({ addresses: [four, six] }, { cniVersion: '0.2.0' }, old)), [
    four.address,
    six.address,
  ])
})

test('CHECK requires every address with its gateway in prevResult, in any spelling', async () => {
  const check = (...ips: Ip[]) =>
    staticIpam.check(request({ addresses: [four, six] }, { prevResult: { ...emptyResult(), ips } }))
  const same = { address: '3ffe:ffff:0000:01ff::1/64', gateway: '3ffe:ffff::1' }
  check({ address: '192.0.2.1/24' }, same, four)
  await fails(() => check(four), 999, `static: address ${six.address} is not in prevResult`)
  await fails(
    () => check({ ...four, gateway: '10.10.0.253' }, six),
    999,
    'static: Failed to match addr 10.10.0.1/24 on gateway: expected 10.10.0.254, found 10.10.0.253',
  )
  await fails(() => staticIpam.check(request({ addresses: [four] })), 7, 'Required prevResult missing')
})

test('an address without a gateway may have one in prevResult, chosen by the interface plugin', () => {
  const prevResult = { ...emptyResult(), ips: [four] }
  staticIpam.check(request({ addresses: [{ address: four.address }] }, { prevResult }))
})

test.run()
