import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Request } from '../../../shared/cni/plugin.ts'
import type { Result } from '../../../shared/cni/result.ts'
import { silent } from '../../../shared/error/log.ts'
import { type Address, parseAddress } from '../../../shared/ip/address.ts'
import { lentTo } from '../../../shared/ipam/host-local/holder-kind.ts'
import { heldIn } from '../../../shared/ipam/host-local/holders.ts'
import { indexHome } from '../../../shared/ipam/host-local/index.ts'
import { makeStore, withStore } from '../../../shared/ipam/host-local/open.ts'
import { recordOf } from '../../../shared/ipam/host-local/records.ts'
import { reserve } from '../../../shared/ipam/host-local/store.ts'
import type { PoolConfig } from '../../../shared/ipam/pool/config.ts'
import { lowFamilies } from '../../../shared/ipam/pool/fill.ts'
import { pool } from '../../../shared/ipam/pool/plugin.ts'
import { familySets } from '../../../shared/ipam/pool/sets.ts'
import { draftFile } from '../../../shared/kernel/draft.ts'
import { fileOf, type Held, hold, holdingsOf, reservedBelow } from '../../harness/pool.ts'
import { test } from '../../harness/test.ts'
import { passTick } from '../../harness/tick.ts'
import { fails, logged, makeDirectory, removeDirectories, requestOf } from './request.ts'

type More = Partial<Request<PoolConfig>> & { lenient?: boolean }

let dataDir: string
test.before.each(() => {
  dataDir = makeDirectory()
})
test.after.each(removeDirectories)

const request = (more?: More, ipam: object = {}, rest: object = {}) =>
  requestOf(pool, { ipam: { type: 'pool', pool: 'blue', dataDir, ...ipam }, ...rest }, more)
const add = (more?: More, ipam?: object, rest?: object) => pool.add(request(more, ipam, rest)) as Result
const addressesOf = ({ ips }: Result) => ips.map(({ address }) => address)
const del = (containerID: string, ipam?: object, more?: More) =>
  pool.del(request({ containerID, lenient: true, ...more }, ipam))
const gc = (ipam: object, ...valid: string[]) => {
  const validAttachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }))
  passTick()
  return pool.gc?.(request({ validAttachments, lenient: true }, ipam))
}
const holding = (held: Held) => hold('net', dataDir, held)
const reserved = () => reservedBelow(dataDir, 'net')

const dual = { ranges: [{ subnet: '10.80.0.0/16', gateway: '10.80.0.9' }, { subnet: 'fd00:80::/64' }] }
const blocks = ['10.80.1.0/28', 'fd00:80::10/124']

test('ADD gives one address of each family of the pool, with prefix and gateway of the subnet', () => {
  holding({ ...dual, blocks })
  const routes = [{ dst: '0.0.0.0/0' }]
  assert.equal(add({}, { routes }), {
    interfaces: [],
    ips: [
      { address: '10.80.1.0/16', gateway: '10.80.0.9' },
      { address: 'fd00:80::10/64', gateway: 'fd00:80::1' },
    ],
    routes,
    dns: {},
  })
  assert.equal(reserved(), ['10.80.1.0', 'fd00:80::10'])
})

test('the blocks are given one after the other, and a released address is not given again at once', () => {
  holding({ blocks: ['10.80.3.0/30', '10.80.1.0/30'] })
  const given = Array.from({ length: 6 }, (_, at) => addressesOf(add({ containerID: `c${at}` }))[0])
  const hosts = given.map((address) => address?.replace('10.80.', '').replace('/16', ''))
  assert.equal(hosts, ['3.0', '3.1', '3.2', '3.3', '1.0', '1.1'])
  del('c0')
  assert.equal(addressesOf(add({ containerID: 'next' })), ['10.80.1.2/16'])
})

test('a requested address of a held block is given, and one that a container has is refused without a claim', async () => {
  holding({ ...dual, blocks })
  assert.equal(addressesOf(add({ containerID: 'one', args: { IP: '10.80.1.7' } })), [
    '10.80.1.7/16',
    'fd00:80::10/64',
  ])
  await fails(
    () => add({ containerID: 'two', args: { IP: '10.80.1.7' } }),
    11,
    /^requested IP address 10\.80\.1\.7 is not available/,
  )
  const rest = { runtimeConfig: { ips: ['fd00:80::1f/64'] } }
  assert.equal(addressesOf(add({ containerID: 'three' }, {}, rest))[1], 'fd00:80::1f/64')
})

test('a granted address of another host is given to the container that requests it, and to no other', () => {
  holding({ blocks: ['10.80.1.0/29'], singles: ['10.80.9.9'] })
  assert.equal(addressesOf(add({ containerID: 'one', args: { IP: '10.80.9.9' } })), ['10.80.9.9/16'])
  del('one')
  assert.equal(addressesOf(add({ containerID: 'two' })), ['10.80.1.0/16'])
  assert.equal(addressesOf(add({ containerID: 'three' })), ['10.80.1.1/16'])
})

test('ipRanges of the runtime are ignored with a warning', () => {
  holding({ blocks })
  const given = addressesOf(add({}, {}, { runtimeConfig: { ipRanges: [[{ subnet: '10.99.0.0/24' }]] } }))
  assert.equal(given, ['10.80.1.0/16'])
  assert.match(logged.join(), 'runtimeConfig.ipRanges is ignored')
})

test('CHECK accepts an address whose block is given back, is disputed, or has left the pool', () => {
  holding({ blocks })
  const result = add()
  const check = (ips = result.ips) => pool.check(request({ prevResult: { ...result, ips } }))
  for (const held of [
    { blocks: ['leaving 10.80.1.0/28'] },
    { blocks: ['disputed 10.80.1.0/28'] },
    { blocks, ranges: [{ subnet: '10.80.0.0/24' }] },
    { blocks: [], ranges: [{ subnet: '10.99.0.0/24' }] },
    { blocks, pool: 'green' },
  ]) {
    holding(held)
    check()
  }
})

test('CHECK of a lost or damaged file of the blocks compares the records, and ignores addresses of other plugins', async () => {
  holding({ blocks })
  const result = add()
  const others = { ...result, ips: [{ address: '192.0.2.9/24' }, ...result.ips] }
  for (const text of [undefined, 'torn {', '{}']) {
    if (text === undefined) rmSync(fileOf('net', dataDir))
    else writeFileSync(fileOf('net', dataDir), text)
    pool.check(request({ prevResult: others }))
    await fails(
      () => pool.check(request({ containerID: 'other', prevResult: others })),
      999,
      /Failed to find address/,
    )
  }
})

test('CHECK fails for an address that is free, or another container’s', async () => {
  holding({ blocks })
  const prevResult = add({ containerID: 'one' })
  rmSync(`${dataDir}/net/10.80.1.0`)
  await fails(() => pool.check(request({ containerID: 'one', prevResult })), 999, /Failed to find address/)
  add({ containerID: 'two', args: { IP: '10.80.1.0' } })
  await fails(() => pool.check(request({ containerID: 'one', prevResult })), 999, /Failed to find address/)
})

test('DEL and GC work without the file of the blocks, and with a damaged one', () => {
  holding({ blocks })
  for (const containerID of ['one', 'two', 'three']) add({ containerID })
  writeFileSync(fileOf('net', dataDir), 'torn {')
  del('one')
  assert.equal(reserved(), ['10.80.1.1', '10.80.1.2'])
  rmSync(fileOf('net', dataDir))
  del('one')
  gc({}, 'three')
  assert.equal(reserved(), ['10.80.1.2'])
})

test('a pod that comes back gets its address again, unless its block has left', () => {
  const sticky = { sticky: true }
  const args = { K8S_POD_NAMESPACE: 'default', K8S_POD_NAME: 'web-0' }
  holding({ blocks: ['10.80.1.0/28', '10.80.2.0/28'] })
  assert.equal(addressesOf(add({ containerID: 'one', args }, sticky)), ['10.80.1.0/16'])
  del('one', sticky, { args })
  assert.equal(addressesOf(add({ containerID: 'other' }, sticky)), ['10.80.1.1/16'])
  assert.equal(addressesOf(add({ containerID: 'two', args }, sticky)), ['10.80.1.0/16'])
  del('two', sticky, { args })
  holding({ blocks: ['leaving 10.80.1.0/28', '10.80.2.0/28'] })
  assert.equal(addressesOf(add({ containerID: 'three', args }, sticky)), ['10.80.2.0/16'])
})

/** Reserves an address for another host, as the agent does. */
function lend(file: string): void {
  const directory = `${dataDir}/net`
  const holder = { containerID: lentTo('far'), ifname: 'pool' }
  makeStore(directory)
  const draft = draftFile(directory, recordOf(holder))
  const address = parseAddress(file) as Address
  withStore(directory, silent, (store) => void reserve(store, draft, { address, file, ...holder }, {}))
  draft.close()
}

test('an address that is lent to another host survives GC and a boot, is given to none, and counts as no container', () => {
  holding({ blocks: ['10.80.1.0/30'] })
  lend('10.80.1.1')
  add({ containerID: 'one' })
  assert.equal(
    heldIn(`${dataDir}/net`).map(({ containerID }) => containerID),
    ['one'],
  )
  gc({})
  assert.equal(reserved(), ['10.80.1.1'])
  // The next call takes this index for that of an earlier boot.
  const home = indexHome(`${dataDir}/net`)
  renameBoot(home)
  assert.equal(addressesOf(add({ containerID: 'two' })), ['10.80.1.2/16'])
  assert.equal(reserved(), ['10.80.1.1', '10.80.1.2'])
})

const low = (held: Held) =>
  withStore(`${dataDir}/net`, silent, (store) =>
    lowFamilies(store, familySets(holdingsOf('net', dataDir, held))),
  )

/** Records as the reference writes them. */
function reserveFirst(count: number): void {
  makeStore(`${dataDir}/net`)
  for (let at = 0; at < count; at++)
    writeFileSync(`${dataDir}/net/10.80.1.${at}`, recordOf({ containerID: `c${at}`, ifname: 'eth0' }))
}

test('a family is low when less than a quarter of a block is free, in all blocks together', () => {
  const one = ['10.80.1.0/28']
  reserveFirst(11)
  assert.equal(low({ blocks: one }), [])
  reserveFirst(12)
  assert.equal(low({ blocks: one }), [4])
  assert.equal(low({ blocks: [...one, '10.80.2.0/28'] }), [])
  assert.equal(low({ blocks: [...one, 'leaving 10.80.2.0/28'] }), [4])
})

test('a large block is low with 256 free addresses', () => {
  const [set] = familySets(holdingsOf('net', dataDir, { blocks: ['10.80.16.0/20'] }))
  const lowWith = (free: number) => lowFamilies({ index: { countFree: () => free } }, set ? [set] : [])
  assert.equal([lowWith(257), lowWith(256)], [[], [4]])
})

test('STATUS succeeds with a free address, and warns of a clash as host-local does', () => {
  holding({ blocks })
  pool.status?.(request())
  assert.equal(logged, [])
})

test('STATUS fails where no reservation can be written', async () => {
  holding({ blocks })
  writeFileSync(`${dataDir}/file`, '')
  await fails(
    () => pool.status?.(request({}, { dataDir: `${dataDir}/file` })),
    50,
    /reservations cannot be kept/,
  )
})

for (const [name, ipam, message] of [
  ['without a pool', { pool: undefined }, /ipam\.pool is missing/],
  ['with a name that cannot be a key', { pool: 'a/b' }, /ipam\.pool is "a\/b", must be a name of 1 to 63/],
  ['with an endpoint that is no URL', { store: { endpoints: ['etcd:2379'] } }, /ipam\.store\.endpoints\[0\]/],
  [
    'with a prefix without a slash at its end',
    { store: { endpoints: [], prefix: '/x' } },
    /ipam\.store\.prefix/,
  ],
  ['with a misspelt key', { stor: { endpoints: [] } }, /ipam\.stor/],
] as const)
  test(`a configuration ${name} is refused`, () => fails(() => request({}, ipam), 7, message))

test.run()

/** Gives the index of this boot the name of another boot. */
function renameBoot(home: string): void {
  const [boot = ''] = readdirSync(home).filter((name) => name.includes('-'))
  renameSync(`${home}/${boot}`, `${home}/${boot.replaceAll(/[0-9]/g, '0').replace(/.$/, 'e')}`)
}
