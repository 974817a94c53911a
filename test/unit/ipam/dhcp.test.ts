import * as assert from 'uvu/assert'
import { usualRequest } from '../../../shared/dhcp/v4/client.ts'
import type { DhcpConfig } from '../../../shared/ipam/dhcp/config.ts'
import { clientOf, textOf } from '../../../shared/ipam/dhcp/identity.ts'
import { providedOptions, requestedCodes } from '../../../shared/ipam/dhcp/options.ts'
import { dhcp } from '../../../shared/ipam/dhcp/plugin.ts'
import { renewed } from '../../../shared/ipam/dhcp/renewed.ts'
import { resultOf4 } from '../../../shared/ipam/dhcp/result.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { test } from '../../harness/test.ts'
import { fails, logged, requestOf } from './request.ts'

const request = (ipam: object, args: Record<string, string> = {}) =>
  requestOf(dhcp, { ipam: { type: 'dhcp', ...ipam } }, { args })

const mac = Buffer.from('020000000001', 'hex')
const macvlan = { kind: 'macvlan' } as Link
const client = (ipam: object, args?: Record<string, string>, link = macvlan) =>
  clientOf(request(ipam, args), link, mac)
const hex = (text: string) => Buffer.from(text).toString('hex')

const pod = { K8S_POD_NAMESPACE: 'shop', K8S_POD_NAME: 'web-0' }

test('client identifiers are those of the attachment, the pod, the MAC address, or a text', () => {
  const id = (clientId: string) => client({ clientId }, pod).clientId
  assert.is(client({}).clientId, `00${hex('c1/net/eth0')}`)
  assert.is(id('attachment'), client({}).clientId)
  assert.is(id('pod'), `00${hex('shop/web-0/net/eth0')}`)
  assert.is(id('mac'), `01${mac.toString('hex')}`)
  assert.is(id('rack 7'), `00${hex('rack 7')}`)
})

test('a client identifier is cut to what fits into an option, by bytes', () => {
  const { clientId = '' } = client({ clientId: `${'ä'.repeat(127)}z` })
  assert.is(clientId.length / 2, 255)
  const text = textOf({ ...request({}), containerID: 'c'.repeat(300) }) ?? ''
  assert.is(text, `${'c'.repeat(300)}/net/eth0`)
})

test('without a pod in CNI_ARGS the identifier of a pod is refused before ADD changes anything, and DEL needs none', async () => {
  const message = /ipam.clientId is "pod", but CNI_ARGS has no K8S_POD_NAMESPACE and K8S_POD_NAME/
  await fails(() => dhcp.prepare?.(request({ clientId: 'pod' }, { K8S_POD_NAME: 'web-0' })), 7, message)
  dhcp.prepare?.(request({ clientId: 'pod' }, pod))
  await dhcp.del(request({ clientId: 'pod' }))
})

test('a DUID names the MAC address, or the same text as the identifier, whatever the MAC address is', () => {
  assert.is(client({ clientId: 'mac' }).duid, '00030001020000000001')
  const other = clientOf(request({ clientId: 'pod' }, pod), macvlan, Buffer.from('020000000002', 'hex'))
  assert.equal([other.duid, other.iaid], [client({ clientId: 'pod' }, pod).duid, client({}).iaid])
  assert.match(other.duid, /^0004[0-9a-f]{32}$/)
  assert.is.not(other.duid, client({}).duid)
})

test('auto asks for answers to all on an ipvlan alone', () => {
  const broadcast = (value: string, kind: string) =>
    client({ broadcast: value }, {}, { kind } as Link).broadcast
  const rows = ['auto', 'on', 'off'].map((value) => [broadcast(value, 'macvlan'), broadcast(value, 'ipvlan')])
  assert.equal(rows, [
    [false, true],
    [true, true],
    [false, false],
  ])
})

test('a host name is a text, or comes from CNI_ARGS with the text for the case that it is not there', () => {
  const name = (hostname: unknown, args = {}) => client({ hostname }, args).hostname
  assert.is(name('web-1.example'), 'web-1.example')
  const either = { value: 'spare', fromArg: 'K8S_POD_NAME' }
  assert.equal([name(either), name(either, pod)], ['spare', 'web-0'])
  assert.is(name({ fromArg: 'K8S_POD_NAME' }), undefined)
  assert.equal([name(either, { K8S_POD_NAME: 'a b' }), logged.length], [undefined, 1])
})

const options = (ipam: object) => request(ipam).config.ipam as DhcpConfig['ipam']

test('options are asked for by name and number, once each, besides the usual ones unless an entry says otherwise', () => {
  assert.equal(requestedCodes(options({})), [...usualRequest])
  const two = [{ option: 'routers' }, { option: '42' }]
  assert.equal(requestedCodes(options({ request: two })), [...usualRequest, 42])
  assert.equal(requestedCodes(options({ request: [...two, { skipDefault: true }] })), [3, 42])
})

test('options are provided as texts; CNI_ARGS wins, and what it lacks is left out', () => {
  const provide = [
    { option: 'user-class', value: 'blue' },
    { option: '224', value: 'own', fromArg: 'K8S_POD_NAME' },
    { option: '225', fromArg: 'MISSING' },
  ]
  assert.equal(providedOptions(options({ provide }), pod), [
    [77, hex('blue')],
    [224, hex('web-0')],
  ])
})

const wrong: [object, RegExp][] = [
  [{ ipv4: false }, /ipam.ipv4 is false and ipam.ipv6 is "off"/],
  [{ ipv4: false, ipv6: 'both', request: [] }, /ipam.request has no effect: ipam.ipv4 is false/],
  [{ ipv4: false, ipv6: 'dhcp6', provide: [] }, /ipam.provide has no effect/],
  [{ ipv4: false, ipv6: 'dhcp6', vendorClass: 'x' }, /ipam.vendorClass has no effect/],
  [{ ipv4: false, ipv6: 'dhcp6', broadcast: 'on' }, /ipam.broadcast has no effect/],
  [{ ipv4: false, ipv6: 'slaac', rapidCommit: true }, /ipam.rapidCommit has no effect.* "slaac"/],
  [{ hostname: 'a b' }, /ipam.hostname is "a b", must be a host name/],
  [{ hostname: { value: 'a\nb' } }, /must be a host name/],
  [{ request: [{}, { option: 'rooters' }] }, /ipam.request\[1\].option is "rooters", must be an option/],
  [{ request: [{ option: '255' }] }, /ipam.request\[0\].option is "255"/],
  [{ provide: [{ option: '0', value: 'x' }] }, /ipam.provide\[0\].option is "0", must be an option/],
  [{ provide: [{ option: '12' }] }, /ipam.provide\[0\] has neither value nor fromArg/],
  [{ timeout: 0 }, /ipam.timeout is 0/],
  [{ vendorClass: 'x'.repeat(256) }, /ipam.vendorClass/],
]

for (const [ipam, message] of wrong)
  test(`${JSON.stringify(ipam).slice(0, 60)} is refused`, () => fails(() => request(ipam), 7, message))

test('options of the exchange itself cannot be provided', async () => {
  for (const code of [50, 51, 52, 53, 54, 55, 57, 80]) {
    const provide = [{ option: String(code), value: 'x' }]
    await fails(() => request({ provide }), 7, /which the exchange with the server has itself/)
  }
  request({
    provide: [
      { option: '56', value: 'x' },
      { option: '58', value: 'x' },
    ],
  })
})

const lease = {
  address: '10.1.0.9/24',
  server: '10.1.0.1',
  gateway: '10.1.0.1',
  dns: { domain: 'a.example' },
}
const routes = [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }, { dst: '10.9.0.0/16' }]

test('each route of a result names its next hop, also when there is none, and has the priority', () => {
  assert.equal(resultOf4({ ...lease, routes }, 7), {
    ips: [{ address: '10.1.0.9/24', gateway: '10.1.0.1' }],
    routes: [
      { dst: '0.0.0.0/0', gw: '10.1.0.1', priority: 7 },
      { dst: '10.9.0.0/16', gw: '0.0.0.0', priority: 7 },
    ],
    dns: { domain: 'a.example' },
  })
})

test('CHECK sees what a renewal has changed, and what other plugins gave stays', () => {
  const given = resultOf4({ ...lease, routes })
  const now = resultOf4({ ...lease, address: '10.2.0.9/24', routes: [{ dst: '0.0.0.0/0', gw: '10.2.0.1' }] })
  const own = { address: '10.1.0.9/24', gateway: '10.1.0.1', interface: 1 }
  const other = { address: 'fd00::9/64', interface: 1 }
  const result = {
    interfaces: [],
    ips: [own, other],
    routes: [...given.routes, { dst: '::/0', gw: 'fd00::1' }],
    dns: {},
  }
  const { ips, routes: found } = renewed(result, given, now)
  assert.equal(ips, [other, { address: '10.2.0.9/24', gateway: '10.1.0.1', interface: 1 }])
  assert.equal(found, [
    { dst: '::/0', gw: 'fd00::1' },
    { dst: '0.0.0.0/0', gw: '10.2.0.1' },
  ])
})

test.run()
