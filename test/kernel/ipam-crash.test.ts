/** host-local: killed before each of its calls, on a full disk, on a read-only directory, and after a boot. */
// needs: full speed

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { command, ip, succeeds } from '../harness/command.ts'
import { type Fault, faultsOf, killedAt, withFault } from '../harness/faults.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { type Answer, type Call, call, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const disk = `${scratch}/disk`
const dataDir = `${disk}/networks`
const directory = `${dataDir}/net`
const ranges = [[{ subnet: '10.1.2.0/29', rangeEnd: '10.1.2.4' }], [{ subnet: 'fd00::/64' }]]
const USABLE = 3

/** A small disk for each test. */
test.before.each(() => {
  mkdirSync(disk, { recursive: true })
  command('mount', '-t', 'tmpfs', '-o', 'size=256k,nr_inodes=80', 'tmpfs', disk)
  mkdirSync(dataDir)
})
test.after.each(() => void command('umount', '-l', disk))

function request(verb: Call['verb'], containerID: string, more: object = {}, netns = '/none'): Call {
  const ipam = { type: 'host-local', dataDir, ranges, ...more }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'host-local', ipam }
  return { verb, containerID, netns, config }
}

function addresses({ status, json }: Answer): string[] {
  assert.is(status, 0, JSON.stringify(json))
  return (json as unknown as Result).ips.map(({ address }) => address.replace(/\/\d+$/, ''))
}

async function del(containerID: string): Promise<void> {
  const { status, json } = await call(request('DEL', containerID))
  assert.is(status, 0, JSON.stringify(json))
}

/** The holder of each address by the records, which must all be complete. */
function holders(): Record<string, string> {
  const files = readdirSync(directory).filter((name) => !/^(lock|last_reserved_ip\.\d)$/.test(name))
  return Object.fromEntries(
    files.sort().map((file) => [file, readFileSync(`${directory}/${file}`, 'latin1')]),
  )
}

/** Asserts after a fault: other containers keep their addresses, and none is lost or given twice. */
async function verify(story: string, residents: Record<string, string>): Promise<void> {
  const given = []
  await del('victim')
  for (let at = 0; at < USABLE - 1; at++) given.push(...addresses(await call(request('ADD', `after-${at}`))))
  assert.is(new Set(given).size, given.length, story)
  for (const address of given) assert.not.ok(residents[address], `${story}: ${address} was given twice`)
  const full = await call(request('ADD', 'too-many'))
  assert.is(full.json?.code, 11, story)
  for (let at = 0; at < USABLE - 1; at++) await del(`after-${at}`)
  assert.equal(holders(), residents, story)
}

const nameOf = (verb: string, { syscall, nth }: Fault) => `${verb}, ${syscall} number ${nth}`

/** Prepares the container for the call that is killed. */
const beginnings: Record<string, () => Promise<void>> = {
  ADD: async () => {},
  'ADD without an index': async () => rmSync(`${dataDir}/.patchbay`, { recursive: true }),
  DEL: async () => void addresses(await call(request('ADD', 'victim'))),
}

for (const [name, begin] of Object.entries(beginnings))
  test(`${name}: killed before any of its calls, it blocks no later call`, async () => {
    const verb = name.slice(0, 3) as 'ADD' | 'DEL'
    const [first = '', second = ''] = addresses(await call(request('ADD', 'resident')))
    const residents = { [first]: 'resident\r\neth0', [second]: 'resident\r\neth0' }
    await begin()
    const faults = await faultsOf(request(verb, 'victim'))
    assert.ok(faults.length > 10, `only ${faults.length} calls were seen`)
    await verify('no fault', residents)
    for (const fault of faults) {
      await begin()
      const { status } = await killedAt(request(verb, 'victim'), fault)
      assert.ok(status > 1, `${nameOf(name, fault)} did not kill the plugin`)
      for (const record of Object.values(holders())) assert.match(record, /^(resident|victim)\r\neth0$/)
      await verify(nameOf(name, fault), residents)
    }
  })

test('sticky: after ADD or DEL was killed at any call, the container gets its old addresses', async () => {
  const as = (verb: 'ADD' | 'DEL') => ({
    ...request(verb, 'victim', { sticky: true }),
    args: 'STICKY_KEY=db',
  })
  const own = addresses(await call(as('ADD')))
  for (const verb of ['DEL', 'ADD'] as const)
    for (const fault of await faultsOf(as(verb))) {
      if (verb === 'DEL') assert.equal(addresses(await call(as('ADD'))), own, nameOf(verb, fault))
      await killedAt(as(verb), fault)
      const { status, json } = await call(as('DEL'))
      assert.is(status, 0, JSON.stringify(json))
      for (const address of own) assert.is(holders()[address], 'sticky:db\r\neth0', nameOf(verb, fault))
    }
  assert.equal(addresses(await call(as('ADD'))), own)
  assert.equal(Object.keys(holders()).sort(), [...own].sort())
})

test('sticky: when a record cannot be synced to disk, ADD fails and leaves nothing; when its name cannot, it warns', async () => {
  const add = request('ADD', 'victim', { sticky: true, ranges: [ranges[0]] })
  const syncs = (await faultsOf(add)).filter(({ syscall }) => syscall === 'fsync')
  // The record, the new index, its directory and the record's, the entries. Without its index the container has its address all the same.
  assert.ok(syncs.length > 3, `only ${syncs.length} calls of fsync`)
  for (const [at, fault] of syncs.entries()) {
    rmSync(dataDir, { recursive: true })
    const { status, json, stderr } = await withFault(add, fault, 'EIO')
    assert.equal([status, json?.code], at === 0 ? [1, 5] : [0, undefined], nameOf('ADD', fault))
    assert.equal(Object.values(holders()), at === 0 ? [] : ['victim\r\neth0'], nameOf('ADD', fault))
    if (at > 1) assert.match(stderr, /addresses of victim may not be kept over a power loss: fsync .*EIO/)
  }
})

test('GC that is killed before any of its calls releases nothing valid, and the next GC all stale addresses', async () => {
  const valid = addresses(await call(request('ADD', 'resident')))
  const collect = { ...request('GC', ''), config: { ...(request('GC', '').config as object) } } as Call
  Object.assign(collect.config, {
    'cni.dev/valid-attachments': [{ containerID: 'resident', ifname: 'eth0' }],
  })
  const fill = async () => {
    for (const containerID of ['stale-1', 'stale-2']) addresses(await call(request('ADD', containerID)))
    // GC keeps a record that was made in the same tick of the clock, which lasts 10 ms at most.
    const newest = Math.max(...Object.keys(holders()).map((file) => statSync(`${directory}/${file}`).ctimeMs))
    await until('the records are older than a tick of the clock', () => Date.now() > newest + 10)
  }
  await fill()
  const faults = await faultsOf(collect)
  for (const fault of faults) {
    await fill()
    await killedAt(collect, fault)
    for (const address of valid) assert.is(holders()[address], 'resident\r\neth0', nameOf('GC', fault))
    assert.is((await call(collect)).status, 0)
    assert.equal(Object.keys(holders()).sort(), [...valid].sort(), nameOf('GC', fault))
  }
})

test('when any of its calls fails, ADD fails and leaves nothing, or succeeds and holds the address of its answer', async () => {
  const [first = '', second = ''] = addresses(await call(request('ADD', 'resident')))
  const residents = { [first]: 'resident\r\neth0', [second]: 'resident\r\neth0' }
  for (const fault of await faultsOf(request('ADD', 'victim'))) {
    await del('victim')
    for (const errno of ['EIO', 'ENOSPC'] as const) {
      const answer = await withFault(request('ADD', 'victim'), fault, errno)
      const held = Object.keys(holders()).filter((file) => !residents[file])
      const given = answer.status === 0 ? addresses(answer) : []
      const isMute = answer.json === undefined
      if (!isMute) assert.equal(held.sort(), given.sort(), `${errno}: ${nameOf('ADD', fault)}`)
      await verify(`${errno}: ${nameOf('ADD', fault)}`, residents)
    }
  }
})

test('empty and half-written records block nothing', async () => {
  mkdirSync(directory)
  writeFileSync(`${directory}/10.1.2.2`, '')
  writeFileSync(`${directory}/10.1.2.3`, '\0'.repeat(12))
  writeFileSync(`${directory}/10.1.2.4.77.0.tmp`, 'vict')
  writeFileSync(`${directory}/last_reserved_ip.0`, '')
  const answer = await call(request('ADD', 'a'))
  assert.equal(addresses(answer), ['10.1.2.2', 'fd00::2'])
  assert.match(answer.stderr, '10.1.2.3 names no container')
  assert.equal(Object.keys(holders()), ['10.1.2.2', 'fd00::2'])
})

test('a full disk: an address that cannot be kept is released, because DEL must not fail', async () => {
  const as = (verb: 'ADD' | 'DEL') => request(verb, 'victim', { sticky: true })
  addresses(await call(as('ADD')))
  fillDisk()
  const { status, stderr } = await call(as('DEL'))
  assert.is(status, 0)
  assert.match(stderr, /10.1.2.2 cannot be kept for sticky:victim: .*ENOSPC/)
  // The released record makes room to keep the next address.
  const [four, six] = [holders()['10.1.2.2'], holders()['fd00::2']]
  assert.equal([four, six === undefined || six === 'sticky:victim\r\neth0'], [undefined, true])
})

/** Fills the disk, to the last byte and the last inode. */
function fillDisk(): void {
  succeeds('sh', '-c', `cat /dev/zero > ${disk}/filler; i=0; while : > ${disk}/f$i; do i=$((i+1)); done`)
}

test('a full disk: ADD says so and leaves nothing, DEL releases, CHECK succeeds, STATUS fails', async () => {
  const resident = await call(request('ADD', 'resident'))
  const before = holders()
  fillDisk()
  const refused = await call(request('ADD', 'victim'))
  assert.equal([refused.status, refused.json?.code], [1, 5])
  assert.match(String(refused.json?.msg), 'ENOSPC')
  assert.match(String(refused.json?.details), `make room: df -h ${directory}`)
  assert.equal(holders(), before)
  const status = await call(request('STATUS', ''))
  assert.is(status.json?.code, 50)
  assert.match(String(status.json?.details), `make room: df -h ${directory}`)
  const check = request('CHECK', 'resident')
  Object.assign(check.config, { prevResult: resident.json })
  assert.is((await call(check)).status, 0)
  await del('resident')
  assert.equal(holders(), {})
  command('sh', '-c', `rm ${disk}/f*`)
  assert.equal(addresses(await call(request('ADD', 'victim'))), ['10.1.2.3', 'fd00::3'])
})

test('a full disk with room for one record: ADD holds the address of its answer, though no other file was written', async () => {
  addresses(await call(request('ADD', 'resident')))
  fillDisk()
  command('sh', '-c', `rm ${disk}/f0 ${disk}/f1; truncate -s -8192 ${disk}/filler`)
  const answer = await call(request('ADD', 'victim'))
  const held = Object.keys(holders()).filter((file) => holders()[file] === 'victim\r\neth0')
  assert.equal(held, answer.status === 0 ? addresses(answer).sort() : [])
  command('sh', '-c', `rm ${disk}/f*`)
  await del('victim')
  assert.is(Object.keys(holders()).length, 2)
})

test('a read-only directory: every error has a remedy, and no call hangs', async () => {
  const resident = await call(request('ADD', 'resident'))
  command('mount', '-o', 'remount,ro', disk)
  for (const verb of ['ADD', 'DEL'] as const) {
    const { status, json } = await call(request(verb, verb === 'ADD' ? 'victim' : 'resident'))
    assert.equal([status, json?.code], [1, 5])
    assert.match(String(json?.msg), 'EROFS')
    assert.match(String(json?.details), /mount it writable, or set ipam.dataDir/)
  }
  const status = await call(request('STATUS', ''))
  assert.is(status.json?.code, 50)
  assert.match(String(status.json?.msg), `reservations cannot be kept in ${directory}`)
  const check = request('CHECK', 'resident')
  Object.assign(check.config, { prevResult: resident.json })
  assert.is((await call(check)).status, 0)
  command('mount', '-o', 'remount,rw', disk)
  await del('resident')
  assert.equal(holders(), {})
})

/** Gives the kernel another boot ID during the action. */
async function inAnotherBoot<T>(action: () => Promise<T>): Promise<T> {
  const file = '/proc/sys/kernel/random/boot_id'
  const other = `${scratch}/boot_id`
  writeFileSync(other, '12345678-1234-4321-8765-123456789abc\n')
  command('mount', '--bind', other, file)
  try {
    return await action()
  } finally {
    command('umount', file)
  }
}

test('after a boot, addresses of ended containers are released, and a running one keeps its address', async () => {
  const [dead, alive, renewed] = [newContainer(), newContainer(), newContainer()]
  for (const container of [dead, alive, renewed])
    addresses(await call(request('ADD', container.name, {}, container.path)))
  const before = holders()
  removeContainer(dead)
  removeContainer(renewed)
  ip(`netns add ${renewed.name}`)
  const given = await inAnotherBoot(async () => addresses(await call(request('ADD', 'new'))))
  const expected = Object.entries(before).filter(([, record]) => record.startsWith(`${alive.name}\r`))
  const own = given.map((address) => [address, 'new\r\neth0'])
  assert.equal(holders(), Object.fromEntries([...expected, ...own].sort()))
})

test('after a boot another namespace with the same path and inode, younger than the record, does not keep the address', async () => {
  const path = `${scratch}/namespace` // host-local does not enter it
  writeFileSync(path, '')
  const [address = ''] = addresses(await call(request('ADD', 'returning', {}, path)))
  const { ctimeMs: recorded } = statSync(`${directory}/${address}`)
  await until('the clock of files goes on', () => {
    writeFileSync(path, '')
    return statSync(path).ctimeMs > recorded
  })
  await inAnotherBoot(async () => addresses(await call(request('ADD', 'returning', {}, path))))
})

test.run()
