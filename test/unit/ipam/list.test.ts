import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Request } from '../../../shared/cni/plugin.ts'
import type { Result } from '../../../shared/cni/result.ts'
import { jsonSchema } from '../../../shared/config/jsonschema.ts'
import { ipamOf } from '../../../shared/ipam/ipam.ts'
import type { ListConfig } from '../../../shared/ipam/ipam-list/config.ts'
import { ipamList as makeIpamList } from '../../../shared/ipam/ipam-list/plugin.ts'
import { test } from '../../harness/test.ts'
import { passTick } from '../../harness/tick.ts'
import { fails, makeDirectory, removeDirectories, requestOf } from './request.ts'

type More = Partial<Request<ListConfig>> & { lenient?: boolean }

const ipamList = makeIpamList(ipamOf)

let bin: string
let dataDir: string
test.before.each(() => {
  bin = makeDirectory()
  dataDir = makeDirectory()
  for (const type of ['host-local', 'static', 'ipam-list']) symlinkSync(process.execPath, `${bin}/${type}`)
})
test.after.each(removeDirectories)

const request = (list: unknown, more: More = {}, rest: object = {}) =>
  requestOf(ipamList, { ipam: { type: 'ipam-list', list }, ...rest }, { path: [bin], ...more })
const add = async (list: unknown, more?: More, rest?: object) =>
  (await ipamList.add(request(list, more, rest))) as Result
const addresses = ({ ips }: Result) => ips.map(({ address }) => address)
const reserved = () => readdirSync(`${dataDir}/net`).filter((name) => /^[0-9a-f:.]+$/.test(name))

const four = () => ({ type: 'host-local', dataDir, subnet: '10.1.2.0/24', routes: [{ dst: '0.0.0.0/0' }] })
const six = {
  type: 'static',
  addresses: [{ address: 'fd00::5/64' }],
  routes: [{ dst: '::/0', gw: 'fd00::1' }],
}

test('a container gets the addresses and routes of each plugin, in the order of the list', async () => {
  const result = await add([four(), six])
  assert.equal(addresses(result), ['10.1.2.2/24', 'fd00::5/64'])
  assert.equal(
    result.routes.map(({ dst }) => dst),
    ['0.0.0.0/0', '::/0'],
  )
  assert.equal(addresses(await add([six, four()], { containerID: 'c2' })), ['fd00::5/64', '10.1.2.3/24'])
})

test('each plugin that can choose skips addresses that answer on the network', async () => {
  const avoid = ['10.1.2.2', '10.1.2.3']
  assert.equal(addresses(await add([six, four()], { avoid })), ['fd00::5/64', '10.1.2.4/24'])
})

test('the result has the name servers of all plugins, and the other DNS settings of the first that has any', async () => {
  const one = { ...six, dns: { nameservers: ['fd00::53'], domain: 'a.example' } }
  const other = {
    type: 'static',
    addresses: [{ address: '10.0.0.2/24' }],
    dns: { nameservers: ['10.0.0.53'], domain: 'b', search: ['b'] },
  }
  const expected = { nameservers: ['fd00::53', '10.0.0.53'], domain: 'a.example', search: ['b'] }
  assert.equal((await add([one, other])).dns, expected)
})

test('when one plugin fails, those before it release their addresses', async () => {
  const refusing = `#!/bin/sh\n[ $CNI_COMMAND = DEL ] || { echo '{"code":11,"msg":"empty"}'; exit 1; }\n`
  writeFileSync(`${bin}/refusing`, refusing, { mode: 0o755 })
  await fails(() => add([four(), { type: 'refusing' }]), 11, 'empty')
  assert.equal(reserved(), [])
})

test('a bad section, or a plugin that is missing, is refused before anything is reserved', async () => {
  await fails(() => add([four(), { ...four(), subnet: '10.1.3.1/24' }]), 7, /Network has host bits set/)
  await fails(() => add([four(), { type: 'nosuch' }]), 7, /^failed to find plugin "nosuch"/)
  assert.throws(reserved)
  await fails(() => request([]), 7, /^ipam.list is empty/)
  await fails(() => request([{ type: 'ipam-list', list: [] }]), 7, /a list must not contain a list$/)
  const dhcp = [{ type: 'dhcp' }, four(), { type: 'cnv-dhcp', ipv4: false, ipv6: 'slaac' }]
  await fails(() => request(dhcp), 7, /^ipam.list\[2\] is of dhcp, as ipam.list\[0\] is/)
  await fails(() => request([{ subnet: '10.1.2.0/24' }]), 7, /^ipam.list\[0\].type is missing/)
  await fails(() => request([{ ...six, family: 5 }]), 7, 'ipam.list[0].family is 5, must be 4 or 6')
})

test('the published schema allows the families that ADD takes', () => {
  assert.match(JSON.stringify(jsonSchema(ipamList)), /"family":\{[^}]*"enum":\[4,6\]/)
})

test('requested addresses go to the plugin of their family', async () => {
  const list = [
    { ...four(), family: 4 },
    { type: 'static', family: 6 },
  ]
  const args = { IP: '10.1.2.77,fd00::9/64', GATEWAY: 'fd00::1' }
  assert.equal((await add(list, { args })).ips, [
    { address: '10.1.2.77/24', gateway: '10.1.2.1' },
    { address: 'fd00::9/64', gateway: 'fd00::1' },
  ])
  const runtimeConfig = { ips: ['fd00::8/64', '10.1.2.88/24'] }
  assert.equal(addresses(await add(list, { containerID: 'c2' }, { runtimeConfig })), [
    '10.1.2.88/24',
    'fd00::8/64',
  ])
})

test('CHECK calls each plugin, and DEL releases all even with a damaged configuration', async () => {
  const prevResult = await add([four(), six])
  await ipamList.check(request([four(), six], { prevResult }))
  const other = { ...six, addresses: [{ address: 'fd00::6/64' }] }
  await fails(
    () => ipamList.check(request([four(), other], { prevResult })),
    999,
    /fd00::6\/64 is not in prevResult/,
  )
  await ipamList.del(request([{ ...four(), subnet: 'rubbish' }, six], { lenient: true }))
  assert.equal(reserved(), [])
  await fails(
    () => ipamList.check(request([four(), six], { prevResult })),
    999,
    /^host-local: Failed to find/,
  )
  await ipamList.del(request('rubbish', { lenient: true }))
})

test('when one plugin fails, DEL continues and reports it', async () => {
  await add([six, four()])
  await fails(() => ipamList.del(request([{ type: 'nosuch' }, four()], { lenient: true })), 7, /"nosuch"/)
  assert.equal(reserved(), [])
})

test('when one plugin fails, GC continues and reports it', async () => {
  await add([six, four()])
  passTick()
  await fails(() => ipamList.gc?.(request([{ type: 'nosuch' }, four()], { lenient: true })), 7, /"nosuch"/)
  assert.equal(reserved(), [])
})

test('STATUS and GC call each plugin', async () => {
  const tiny = { ...four(), subnet: '10.1.2.0/30', statusWhenFull: 'fail' }
  await ipamList.status?.(request([six, tiny]))
  await add([tiny])
  await fails(() => ipamList.status?.(request([six, tiny])), 50, /no IP addresses available/)
  passTick()
  await ipamList.gc?.(request([six, tiny], { lenient: true }))
  assert.equal(reserved(), [])
})

test('a plugin that is executed gets the configuration with its own section as ipam', async () => {
  const script = `#!/bin/sh\ncat > ${bin}/input\necho '{"cniVersion":"1.1.0","ips":[{"address":"192.0.2.9/24"}]}'\n`
  writeFileSync(`${bin}/foreign`, script, { mode: 0o755 })
  const result = await add([{ type: 'foreign', family: 4, pool: 'a' }, six], {}, { bridge: 'br0' })
  assert.equal(addresses(result), ['192.0.2.9/24', 'fd00::5/64'])
  const { ipam, bridge, name } = JSON.parse(readFileSync(`${bin}/input`, 'utf8'))
  assert.equal({ ipam, bridge, name }, { ipam: { type: 'foreign', pool: 'a' }, bridge: 'br0', name: 'net' })
})

test('a list of more plugins than a container can need is refused', async () => {
  const list = Array.from({ length: 65 }, () => ({ type: 'static' }))
  const message = 'ipam.list has 65 entries, must have at most 64'
  await fails(() => requestOf(ipamList, { ipam: { type: 'ipam-list', list } }), 7, message)
})

test.run()
