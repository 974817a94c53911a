import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Request } from '../../../shared/cni/plugin.ts'
import { emptyResult, type Result } from '../../../shared/cni/result.ts'
import type { HostLocalConfig } from '../../../shared/ipam/host-local/config.ts'
import { currentMark, indexRoot } from '../../../shared/ipam/host-local/index.ts'
import { hostLocal } from '../../../shared/ipam/host-local/plugin.ts'
import { test } from '../../harness/test.ts'
import { passTick } from '../../harness/tick.ts'
import { fails, logged, makeDirectory, removeDirectories, requestOf } from './request.ts'

type More = Partial<Request<HostLocalConfig>> & { lenient?: boolean }

let dataDir: string
test.before.each(() => {
  dataDir = makeDirectory()
})
test.after.each(removeDirectories)

const file = (name: string) => `${dataDir}/net/${name}`
const files = () => readdirSync(`${dataDir}/net`).sort()
const record = (name: string) => readFileSync(file(name), 'latin1')
const request = (ipam: object, more?: More, rest: object = {}) =>
  requestOf(hostLocal, { ipam: { type: 'host-local', dataDir, ...ipam }, ...rest }, more)
const add = (ipam: object, more?: More, rest?: object) => hostLocal.add(request(ipam, more, rest)) as Result
const del = (ipam: object, more?: More) => hostLocal.del(request(ipam, { ...more, lenient: true }))
const addresses = (result: Result) => result.ips.map(({ address }) => address)
const subnet = '10.1.2.0/24'

/** Creates a record as another implementation does: an existing one is never overwritten. */
function plant(name: string, content: string): void {
  mkdirSync(`${dataDir}/net`, { recursive: true })
  rmSync(file(name), { force: true })
  writeFileSync(file(name), content)
}

test('ADD gives the first address, with the prefix of the subnet and its gateway', () => {
  assert.equal(add({ subnet }), {
    interfaces: [],
    ips: [{ address: '10.1.2.2/24', gateway: '10.1.2.1' }],
    routes: [],
    dns: {},
  })
})

test("files have the reference's names, contents and modes, byte for byte", () => {
  add({ ranges: [[{ subnet }], [{ subnet: '2001:DB8:0:0::/64' }]] }, { containerID: 'abc', ifname: 'net1' })
  assert.equal(files(), ['10.1.2.2', '2001:db8::2', 'last_reserved_ip.0', 'last_reserved_ip.1', 'lock'])
  assert.is(record('10.1.2.2'), 'abc\r\nnet1')
  assert.is(record('2001:db8::2'), 'abc\r\nnet1')
  assert.is(record('last_reserved_ip.0'), '10.1.2.2')
  assert.is(record('last_reserved_ip.1'), '2001:db8::2')
  assert.is(record('lock'), '')
  assert.is(statSync(file('10.1.2.2')).mode & 0o777, 0o600)
  assert.is(statSync(file('last_reserved_ip.0')).mode & 0o777, 0o600)
  assert.is(statSync(`${dataDir}/net`).mode & 0o777, 0o755)
})

test('the next container gets the next address, and a released one is not reused at once', () => {
  assert.equal(addresses(add({ subnet }, { containerID: 'a' })), ['10.1.2.2/24'])
  del({}, { containerID: 'a' })
  assert.equal(addresses(add({ subnet }, { containerID: 'b' })), ['10.1.2.3/24'])
})

test('the search continues after the last_reserved_ip that another implementation wrote', () => {
  plant('last_reserved_ip.0', '10.1.2.50')
  plant('10.1.2.51', 'other\r\neth0')
  assert.equal(addresses(add({ subnet })), ['10.1.2.52/24'])
})

test('an invalid last_reserved_ip is ignored', () => {
  plant('last_reserved_ip.0', 'rubbish')
  assert.equal(addresses(add({ subnet })), ['10.1.2.2/24'])
})

test("the runtime's ranges come first, then the short form, then the list", () => {
  const ipam = { subnet, ranges: [[{ subnet: '10.1.3.0/24', gateway: '10.1.3.9' }]] }
  const result = add(ipam, {}, { runtimeConfig: { ipRanges: [[{ subnet: '10.1.4.0/24' }]] } })
  assert.equal(addresses(result), ['10.1.4.2/24', '10.1.2.2/24', '10.1.3.1/24'])
  assert.equal(
    result.ips.map(({ gateway }) => gateway),
    ['10.1.4.1', '10.1.2.1', '10.1.3.9'],
  )
})

test('routes are returned with all their fields, and resolvConf becomes DNS settings', () => {
  const resolvConf = `${dataDir}/resolv.conf`
  writeFileSync(
    resolvConf,
    '# a comment\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch a.example b.example\noptions ndots:5\n; end\n',
  )
  const routes = [
    { dst: '0.0.0.0/0', gw: '10.1.2.1', mtu: 1400, advmss: 1360, priority: 5, table: 100, scope: 0 },
  ]
  const result = add({ subnet, routes, resolvConf })
  assert.equal(result.routes, routes)
  assert.equal(result.dns, {
    nameservers: ['192.0.2.53', '2001:db8::53'],
    search: ['a.example', 'b.example'],
    options: ['ndots:5'],
  })
})

test('more ranges than can be compared with each other are refused', async () => {
  const ranges = Array.from({ length: 50_000 }, (_, at) => [{ subnet: `10.${at >> 8}.${at & 255}.0/30` }])
  const message = 'ipam.ranges: there are 50000 ranges and excluded addresses, at most 1000 are allowed'
  await fails(() => add({ ranges }), 7, message)
})

test('a resolvConf that is missing is refused before anything is reserved', async () => {
  await fails(() => add({ subnet, resolvConf: `${dataDir}/none` }), 7, /^ipam.resolvConf: open .*ENOENT/)
  assert.throws(files)
})

test('an address may be requested in CNI_ARGS, args and runtimeConfig, with a prefix or without', () => {
  assert.equal(addresses(add({ subnet }, { args: { IP: '10.1.2.77/16' } })), ['10.1.2.77/24'])
  assert.equal(addresses(add({ subnet }, { containerID: 'c2' }, { args: { cni: { ips: ['10.1.2.88'] } } })), [
    '10.1.2.88/24',
  ])
  const ranges = [[{ subnet }], [{ subnet: '2001:db8::/64' }]]
  const runtimeConfig = { ips: ['2001:db8::99/64', '10.1.2.99', '10.1.2.99'] }
  assert.equal(addresses(add({ ranges }, { containerID: 'c3' }, { runtimeConfig })), [
    '10.1.2.99/24',
    '2001:db8::99/64',
  ])
  assert.is(record('last_reserved_ip.0'), '10.1.2.99')
})

test('a reserved address is refused to another container, with the name of its holder', async () => {
  add({ subnet }, { args: { IP: '10.1.2.77' } })
  const other = { containerID: 'c2', args: { IP: '10.1.2.77' } }
  const error = await fails(
    () => add({ subnet }, other),
    11,
    'requested IP address 10.1.2.77 is not available in range set 10.1.2.1-10.1.2.254: ask for another',
  )
  assert.match(error.details, 'held by container c1, interface eth0')
})

test('gateway, broadcast address and addresses outside the ranges cannot be requested', async () => {
  const ask = (IP: string, ipam: object = { subnet }) => add(ipam, { args: { IP } })
  await fails(() => ask('10.1.2.1'), 7, "requested ip 10.1.2.1 is subnet's gateway")
  await fails(
    () => ask('10.1.2.255', { subnet, rangeEnd: '10.1.2.255' }),
    7,
    "requested ip 10.1.2.255 is subnet's broadcast address",
  )
  await fails(() => ask('10.9.9.9'), 7, 'failed to allocate all requested IPs: 10.9.9.9')
  assert.throws(files)
})

test('a second ADD without DEL is refused and keeps the first address', async () => {
  add({ subnet })
  await fails(
    () => add({ subnet }),
    999,
    '10.1.2.2 has been allocated to c1, duplicate allocation is not allowed: run DEL first',
  )
  assert.is(record('10.1.2.2'), 'c1\r\neth0')
  assert.equal(addresses(add({ subnet }, { ifname: 'eth1' })), ['10.1.2.3/24'])
})

test('a record of an old version, without an interface, counts for every interface of its container', async () => {
  plant('10.1.2.9', 'c1')
  await fails(() => add({ subnet }), 999, /^10.1.2.9 has been allocated to c1/)
  await del({})
  assert.equal(files(), ['lock'])
})

test('the error of a full range has its size and the remedy, and nothing is reserved in the other sets', async () => {
  const ranges = [[{ subnet: '2001:db8::/64' }], [{ subnet: '10.1.2.0/30' }]]
  add({ ranges }, { containerID: 'a' })
  const error = await fails(
    () => add({ ranges }, { containerID: 'b' }),
    11,
    'failed to allocate for range 1: no IP addresses available in range set: 10.1.2.1-10.1.2.2, widen it or wait',
  )
  assert.match(error.details, '1 of 1 addresses are used')
  assert.equal(files().slice(0, 2), ['10.1.2.2', '2001:db8::2'])
  assert.is(files().includes('2001:db8::3'), false)
})

test('an ADD that fails releases what it reserved', async () => {
  mkdirSync(file('last_reserved_ip.0/in the way'), { recursive: true })
  assert.throws(() => add({ subnet }), /last_reserved_ip.0: E(ISDIR|NOTEMPTY|EXIST)/)
  assert.equal(files(), ['last_reserved_ip.0', 'lock'])
})

test('every usable address of a range is given out before the range is full', async () => {
  const ipam = { subnet: '10.1.2.0/26' }
  const given = Array.from({ length: 61 }, (_, at) => addresses(add(ipam, { containerID: `c${at}` }))[0])
  assert.is(new Set(given).size, 61)
  await fails(() => add(ipam, { containerID: 'late' }), 11, /^failed to allocate for range 0/)
})

test('the last free address is found at any place of the range', async () => {
  for (let host = 2; host < 255; host++) if (host !== 200) plant(`10.1.2.${host}`, 'other\r\neth0')
  assert.equal(addresses(add({ subnet })), ['10.1.2.200/24'])
})

test('DEL releases all that the attachment holds and nothing else', async () => {
  add({ subnet }, { args: { IP: '10.1.2.7' } })
  add({ subnet }, { args: { IP: '10.1.2.8' } })
  add({ subnet }, { ifname: 'eth1' })
  add({ subnet }, { containerID: 'c2' })
  await del({})
  assert.equal(files(), ['10.1.2.10', '10.1.2.9', 'last_reserved_ip.0', 'lock'])
})

test('DEL needs neither ranges nor a reservation nor the directory', async () => {
  await del({})
  assert.throws(files)
  add({ subnet })
  await del({ ranges: 'rubbish', subnet: '10.1.2.0/33' })
  await del({ ranges: 'rubbish' })
  assert.equal(files(), ['last_reserved_ip.0', 'lock'])
})

test('DEL also uses prevResult: a record that was edited in place is found', async () => {
  const prevResult = add({ subnet })
  writeFileSync(file('10.1.2.2'), 'c1\r\neth7')
  await del({}, { ifname: 'eth7', prevResult })
  assert.equal(files(), ['last_reserved_ip.0', 'lock'])
})

test('DEL of a container whose ID looks like an address does not touch last_reserved_ip', async () => {
  add({ subnet })
  await del({}, { containerID: '10.1.2.2' })
  assert.equal(files(), ['10.1.2.2', 'last_reserved_ip.0', 'lock'])
})

test('white space around a record and unknown files are ignored', async () => {
  plant('10.1.2.2', ' c1\r\neth0\n')
  plant('README', 'c1\r\neth0')
  mkdirSync(file('10.1.2.3'))
  assert.equal(addresses(add({ subnet }, { containerID: 'c2' })), ['10.1.2.4/24'])
  await del({})
  assert.equal(files(), ['10.1.2.3', '10.1.2.4', 'README', 'last_reserved_ip.0', 'lock'])
})

test('records that a crash left empty or zeroed are reported and their addresses reused', () => {
  plant('10.1.2.2', '')
  plant('10.1.2.3', '\0\0\0\0\0\0')
  plant('10.1.2.4.99.0.tmp', 'c9\r\neth0')
  assert.equal(addresses(add({ subnet })), ['10.1.2.2/24'])
  assert.equal(files(), ['10.1.2.2', 'last_reserved_ip.0', 'lock'])
  assert.is(logged.filter((line) => line.includes('names no container')).length, 2)
})

test('CHECK succeeds while the address is reserved, and fails when it is not or another container has it', async () => {
  const prevResult = add({ subnet })
  const check = (more: More = {}) => hostLocal.check(request({ subnet }, { prevResult, ...more }))
  check()
  const lost = 'host-local: Failed to find address added by container c1'
  plant('10.1.2.2', 'c2\r\neth0')
  assert.match((await fails(check, 999, lost)).details, 'reserved for container c2, interface eth0')
  plant('10.1.2.2', 'c1\r\neth1')
  await fails(check, 999, lost)
  await del({}, { ifname: 'eth1' })
  assert.match((await fails(check, 999, lost)).details, '10.1.2.2 is not reserved')
})

test('CHECK without an address of the network in prevResult requires that any address is reserved', async () => {
  const prevResult = { ...emptyResult(), ips: [{ address: '192.0.2.1/24' }] }
  const check = () => hostLocal.check(request({ subnet }, { prevResult }))
  await fails(check, 999, 'host-local: Failed to find address added by container c1')
  assert.throws(files)
  add({ subnet })
  check()
})

test('STATUS succeeds while addresses are free, and leaves no file', async () => {
  const status = (keys = {}) => hostLocal.status?.(request({ subnet: '10.1.2.0/30', ...keys }))
  status()
  assert.equal(files(), [])
  add({ subnet: '10.1.2.0/30' })
  const says = 'no IP addresses available in range set: 10.1.2.1-10.1.2.2'
  status()
  assert.equal(logged, [says])
  const error = await fails(() => status({ statusWhenFull: 'fail' }), 50, says)
  assert.match(error.details, /^1 of 1 addresses are used; the oldest: 10.1.2.2 by c1 for \d+ s; .*grep -r/)
})

test('STATUS fails when reservations cannot be written', async () => {
  writeFileSync(`${dataDir}/net`, 'in the way')
  await fails(
    () => hostLocal.status?.(request({ subnet })),
    50,
    /^reservations cannot be kept in .*: make a file in .*ENOTDIR$/,
  )
})

test('GC releases addresses without a valid attachment, and keeps the rest, lock and last_reserved_ip', async () => {
  for (const containerID of ['a', 'b', 'c']) add({ subnet }, { containerID })
  add({ subnet }, { containerID: 'a', ifname: 'eth1' })
  plant('10.1.2.100', 'b')
  plant('10.1.2.101', 'gone')
  const validAttachments = [
    { containerID: 'a', ifname: 'eth1' },
    { containerID: 'b', ifname: 'eth0' },
  ]
  passTick()
  await hostLocal.gc?.(request({}, { validAttachments, lenient: true }))
  assert.equal(files(), ['10.1.2.100', '10.1.2.3', '10.1.2.5', 'last_reserved_ip.0', 'lock'])
})

test('GC keeps what was reserved after it began: the list of valid attachments cannot contain it', async () => {
  for (const name of ['10.1.2.2', '10.1.2.3']) plant(name, 'stale\r\neth0')
  plant('10.1.2.4', '')
  passTick()
  const collect = request({}, { lenient: true })
  // GC reports the empty record first, with the lock held: the latest moment for a test to act.
  collect.log.warn = () => {
    passTick()
    plant('10.1.2.3', 'new\r\neth0')
  }
  await hostLocal.gc?.(collect)
  assert.equal(files(), ['10.1.2.3', 'lock'])
})

test('GC changes no file when all attachments are valid and the index is current', async () => {
  for (const containerID of ['a', 'b']) add({ subnet }, { containerID })
  const validAttachments = ['a', 'b'].map((containerID) => ({ containerID, ifname: 'eth0' }))
  const times = () =>
    readdirSync(dataDir, { recursive: true })
      .map((name) => `${name} ${lstatSync(`${dataDir}/${name}`).ctimeMs}`)
      .sort()
  const before = times()
  passTick()
  await hostLocal.gc?.(request({ subnet }, { validAttachments }))
  assert.equal(times(), before)
})

test('GC mends an index whose bitmap is damaged: what is called taken without a record is free again', async () => {
  const validAttachments = [{ containerID: 'a', ifname: 'eth0' }]
  const taken = `${indexRoot(`${dataDir}/net`)}/taken`
  const damages = {
    'all bits of the page are set': () => writeFileSync(`${taken}/10.1.0.0`, Buffer.alloc(4096, 0xff)),
    'the page is lost': () => rmSync(`${taken}/10.1.0.0`),
    'a page of no address is there': () => writeFileSync(`${taken}/10.1.128.0`, Buffer.alloc(4096, 0xff)),
    'all pages are lost': () => rmSync(taken, { recursive: true }),
  }
  add({ subnet: '10.1.0.0/16' }, { containerID: 'a' })
  const pages = () => readdirSync(taken).map((name) => [name, readFileSync(`${taken}/${name}`, 'hex')])
  const whole = pages()
  for (const [name, damage] of Object.entries(damages)) {
    damage()
    await hostLocal.gc?.(request({}, { validAttachments, lenient: true }))
    assert.equal(pages(), whole, name)
    assert.ok(currentMark(`${dataDir}/net`, indexRoot(`${dataDir}/net`)), name)
  }
})

test('GC releases an address whose record was emptied in place, which its DEL cannot find', async () => {
  add({ subnet: '10.1.2.0/30' })
  writeFileSync(file('10.1.2.2'), '')
  del({})
  assert.equal(files(), ['10.1.2.2', 'last_reserved_ip.0', 'lock'])
  await hostLocal.gc?.(request({ subnet: '10.1.2.0/30' }))
  assert.match(logged.join(), /10.1.2.2 names no container/)
  assert.equal(addresses(add({ subnet: '10.1.2.0/30' })), ['10.1.2.2/30'])
})

test('GC releases an address whose entry in the index is damaged, which its DEL cannot find', async () => {
  add({ subnet })
  writeFileSync(`${indexRoot(`${dataDir}/net`)}/base`, 'damaged')
  del({})
  assert.equal(files(), ['10.1.2.2', 'last_reserved_ip.0', 'lock'])
  passTick()
  await hostLocal.gc?.(request({ subnet }))
  assert.equal(files(), ['last_reserved_ip.0', 'lock'])
})

test('GC with an empty list releases everything', async () => {
  for (const containerID of ['a', 'b']) add({ subnet }, { containerID })
  passTick()
  await hostLocal.gc?.(request({ subnet }))
  assert.equal(files(), ['last_reserved_ip.0', 'lock'])
})

test('bad ranges are refused with their place before any file is changed', async () => {
  await fails(
    () => add({ ranges: [[{ subnet: '10.1.2.1/24' }]] }),
    7,
    /^ipam.ranges\[0\]\[0\].subnet: Network/,
  )
  await fails(() => add({ ranges: [[{ subnet: 'x' }]] }), 7, /^ipam.ranges\[0\]\[0\].subnet is "x", must be/)
  await fails(() => add({}), 7, 'ipam: no IP ranges specified')
  const ipRanges = [[{ subnet }], [{ subnet }]]
  await fails(() => add({}, {}, { runtimeConfig: { ipRanges } }), 7, /range set 0 overlaps with 1$/)
  assert.throws(files)
})

test('keys of the short form without a subnet are ignored, with a warning', () => {
  const { ips } = add({ ranges: [[{ subnet }]], gateway: '10.1.2.9' })
  assert.equal(ips, [{ address: '10.1.2.2/24', gateway: '10.1.2.1' }])
  assert.match(logged.join(), 'ipam.gateway is ignored')
})

test('a misspelt key of ipam is refused, and keys of the calling plugin are ignored', async () => {
  await fails(() => add({ subnett: subnet }), 7, /^unknown key ipam.subnett, did you mean ipam.subnet\?/)
  add({ subnet }, {}, { isGateway: true, bridge: 'br0', subnets: 1 })
  assert.equal(logged, [])
})

test('keys match whatever their case', () => {
  assert.equal(addresses(add({ RANGES: [[{ Subnet: subnet, rangestart: '10.1.2.9' }]] })), ['10.1.2.9/24'])
})

test('versions before 0.3.0 take one address of each family', async () => {
  const old = { cniVersion: '0.2.0' }
  const [one, two, six] = [[{ subnet }], [{ subnet: '10.1.3.0/24' }], [{ subnet: '2001:db8::/64' }]]
  const message = 'CNI version 0.2.0 does not support more than 1 address per family'
  await fails(() => add({ ranges: [one, two] }, {}, old), 7, message)
  assert.equal(addresses(add({ ranges: [one, six] }, {}, old)), ['10.1.2.2/24', '2001:db8::2/64'])
})

test.run()
