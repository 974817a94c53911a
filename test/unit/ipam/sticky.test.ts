import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import type { Request } from '../../../shared/cni/plugin.ts'
import type { Result } from '../../../shared/cni/result.ts'
import type { HostLocalConfig } from '../../../shared/ipam/host-local/config.ts'
import { indexHome, indexRoot } from '../../../shared/ipam/host-local/index.ts'
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

const subnet = '10.1.2.0/24'
const sticky = { subnet, sticky: true }
const tiny = { ...sticky, subnet: '10.1.2.0/30', statusWhenFull: 'fail' }
const request = (ipam: object, more?: More, rest: object = {}) =>
  requestOf(hostLocal, { ipam: { type: 'host-local', dataDir, ...ipam }, ...rest }, more)
const add = (ipam: object, more?: More, rest?: object) =>
  (hostLocal.add(request(ipam, more, rest)) as Result).ips.map(({ address }) => address.replace(/\/.*/, ''))
const del = (ipam: object, more?: More) => hostLocal.del(request(ipam, { ...more, lenient: true }))
const gc = (ipam: object, ...valid: string[]) => {
  const validAttachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }))
  passTick()
  return hostLocal.gc?.(request(ipam, { validAttachments, lenient: true }))
}
const record = (name: string) => readFileSync(`${dataDir}/net/${name}`, 'latin1')
const reserved = () =>
  readdirSync(`${dataDir}/net`)
    .filter((name) => /^[0-9a-f:.]+$/.test(name))
    .sort()
const pod = (name: string) => ({ K8S_POD_NAMESPACE: 'default', K8S_POD_NAME: name })
/** Makes a record older by a number of seconds. */
function age(file: string, seconds: number): void {
  const time = statSync(`${dataDir}/net/${file}`).mtimeMs / 1000 - seconds
  utimesSync(`${dataDir}/net/${file}`, time, time)
}

test('a pod that comes back in another sandbox gets its old address', () => {
  assert.equal(add(sticky, { containerID: 'sandbox1', args: pod('web-0') }), ['10.1.2.2'])
  del(sticky, { containerID: 'sandbox1', args: pod('web-0') })
  assert.equal(add(sticky, { containerID: 'other', args: pod('web-1') }), ['10.1.2.3'])
  assert.equal(add(sticky, { containerID: 'sandbox2', args: pod('web-0') }), ['10.1.2.2'])
  assert.is(record('10.1.2.2'), 'sandbox2\r\neth0')
})

test('it gets the old address of each range set, for each of its interfaces', () => {
  const both = { sticky: true, ranges: [[{ subnet }], [{ subnet: 'fd00::/64' }]] }
  const [a, b] = [pod('web-0'), pod('web-0')]
  assert.equal(add(both, { containerID: 's1', args: a }), ['10.1.2.2', 'fd00::2'])
  assert.equal(add(both, { containerID: 's1', args: a, ifname: 'eth1' }), ['10.1.2.3', 'fd00::3'])
  del(both, { containerID: 's1' })
  del(both, { containerID: 's1', ifname: 'eth1' })
  assert.equal(add(both, { containerID: 's2', args: b, ifname: 'eth1' }), ['10.1.2.3', 'fd00::3'])
  assert.equal(add(both, { containerID: 's2', args: b }), ['10.1.2.2', 'fd00::2'])
})

test('the key may be set in CNI_ARGS or args, and without one the container ID is the key', () => {
  assert.equal(add(sticky, { containerID: 's1', args: { ...pod('web-0'), STICKY_KEY: 'db' } }), ['10.1.2.2'])
  del(sticky, { containerID: 's1' })
  const rest = { args: { cni: { stickyKey: 'db' } } }
  assert.equal(add(sticky, { containerID: 's2' }, rest), ['10.1.2.2'])
  assert.equal(add(sticky, { containerID: 's3' }), ['10.1.2.3'])
  del(sticky, { containerID: 's3' })
  assert.equal(add(sticky, { containerID: 's4' }), ['10.1.2.4'])
  assert.equal(add(sticky, { containerID: 's3' }), ['10.1.2.3'])
})

test('a key with spaces or control characters is refused before anything is reserved', async () => {
  for (const STICKY_KEY of ['', 'a b', 'a\r\nb', 'x'.repeat(201)])
    await fails(() => add(sticky, { args: { STICKY_KEY } }), 4, /^the sticky key is /)
  assert.not.ok(existsSync(`${dataDir}/net`))
})

test('DEL derives the key as ADD did, so a lost index does no harm; an invalid key does not fail DEL', () => {
  add(sticky, { containerID: 's1', args: pod('web-0') })
  add(sticky, { containerID: 's2', args: pod('web-1') })
  rmSync(indexHome(`${dataDir}/net`), { recursive: true })
  del(sticky, { containerID: 's1', args: pod('web-0') })
  del(sticky, { containerID: 's2', args: { STICKY_KEY: 'a b' } })
  assert.equal(reserved(), ['10.1.2.2'])
  assert.is(record('10.1.2.2'), 'sticky:default/web-0\r\neth0')
})

test('a late DEL of an earlier sandbox does not release the address of the new one', () => {
  const prevResult = hostLocal.add(request(sticky, { containerID: 's1', args: pod('web-0') })) as Result
  del(sticky, { containerID: 's1', args: pod('web-0') })
  assert.equal(add(sticky, { containerID: 's2', args: pod('web-0') }), ['10.1.2.2'])
  del(sticky, { containerID: 's1', args: pod('web-0'), prevResult })
  assert.is(record('10.1.2.2'), 's2\r\neth0')
})

test('no other container gets a kept address until its grace time is over and no other address is free', async () => {
  add(tiny, { containerID: 's1', args: pod('web-0') })
  del(tiny, { containerID: 's1' })
  assert.is(record('10.1.2.2'), 'sticky:default/web-0\r\neth0')
  const other = { containerID: 'x', args: pod('web-1') }
  const error = await fails(() => add(tiny, other), 11, /no IP addresses available/)
  assert.match(error.details, /10\.1\.2\.2 by sticky:default\/web-0 for \d+ s/)
  await fails(() => hostLocal.status?.(request(tiny)), 50, /no IP addresses available/)
  age('10.1.2.2', 601)
  hostLocal.status?.(request(tiny))
  assert.equal(add(tiny, other), ['10.1.2.2'])
})

test('a kept address can be requested by its own container only', async () => {
  add(sticky, { containerID: 's1', args: pod('web-0') })
  del(sticky, { containerID: 's1' })
  const IP = '10.1.2.2'
  const error = await fails(
    () => add(sticky, { containerID: 's2', args: { ...pod('web-1'), IP } }),
    11,
    /not available/,
  )
  assert.match(error.details, 'held by container sticky:default/web-0')
  assert.equal(add(sticky, { containerID: 's3', args: { ...pod('web-0'), IP } }), [IP])
})

test('without sticky, an address that was kept before goes to any container', () => {
  add(tiny, { containerID: 's1' })
  del(tiny, { containerID: 's1' })
  assert.equal(add({ subnet: tiny.subnet }, { containerID: 's2' }), ['10.1.2.2'])
})

test('a second DEL of a container whose address is kept changes nothing, and its CHECK fails', async () => {
  const prevResult = hostLocal.add(request(sticky)) as Result
  del(sticky)
  del(sticky)
  assert.equal(reserved(), ['10.1.2.2'])
  await fails(
    () => hostLocal.check(request(sticky, { prevResult })),
    999,
    /^host-local: Failed to find address/,
  )
})

test('GC keeps addresses during their grace time, also that of a container that vanished', () => {
  add(sticky, { containerID: 'left', args: pod('left') })
  del(sticky, { containerID: 'left' })
  add(sticky, { containerID: 'vanished', args: pod('vanished') })
  add(sticky, { containerID: 'valid', args: pod('valid') })
  gc(sticky, 'valid')
  assert.equal(reserved(), ['10.1.2.2', '10.1.2.3', '10.1.2.4'])
  assert.equal(add(sticky, { containerID: 'again', args: pod('vanished') }), ['10.1.2.3'])
  age('10.1.2.2', 700)
  gc(sticky, 'valid', 'again')
  assert.equal(reserved(), ['10.1.2.3', '10.1.2.4'])
  gc({ subnet })
  assert.equal(reserved(), [])
})

test('an ADD that fails returns a kept address to its kept state', async () => {
  const both = { sticky: true, ranges: [[{ subnet }], [{ subnet: '10.2.2.0/30' }]] }
  add(both, { containerID: 's1', args: pod('web-0') })
  del(both, { containerID: 's1' })
  rmSync(`${dataDir}/net/10.2.2.2`)
  add({ subnet: '10.2.2.0/30' }, { containerID: 'other' })
  await fails(
    () => add(both, { containerID: 's2', args: pod('web-0') }),
    11,
    /^failed to allocate for range 1/,
  )
  assert.is(record('10.1.2.2'), 'sticky:default/web-0\r\neth0')
})

/** Makes the index one of an earlier boot. */
function reboot(): void {
  renameSync(
    indexRoot(`${dataDir}/net`),
    `${indexHome(`${dataDir}/net`)}/12345678-1234-4321-8765-123456789abc`,
  )
}

test('after a boot, reservations of containers that ended with the earlier boot are released', () => {
  const directory = makeDirectory()
  const netns = `${directory}/netns`
  symlinkSync('/proc/self/ns/net', netns)
  for (const containerID of ['a', 'b', 'c']) add({ subnet }, { containerID, netns })
  rmSync(netns)
  reboot()
  writeFileSync(`${dataDir}/net/10.1.2.9`, 'reference\r\neth0')
  assert.equal(add({ subnet }, { containerID: 'new' }), ['10.1.2.5'])
  assert.match(logged.join(), '10.1.2.2 was held by a, which ended with an earlier boot')
  assert.equal(reserved(), ['10.1.2.5', '10.1.2.9'])
  assert.equal(readdirSync(indexHome(`${dataDir}/net`)).length, 1)
})

test('a container whose namespace is still the same one keeps its address after a boot', () => {
  const netns = `${makeDirectory()}/netns`
  symlinkSync('/proc/self/ns/net', netns)
  add({ subnet }, { containerID: 'alive', netns })
  reboot()
  add({ subnet }, { containerID: 'new' })
  assert.equal(reserved(), ['10.1.2.2', '10.1.2.3'])
})

test('a container whose namespace was replaced by another of the same name loses its address after a boot', () => {
  const netns = `${makeDirectory()}/netns`
  symlinkSync('/proc/self/ns/net', netns)
  add({ subnet }, { containerID: 'dead', netns })
  rmSync(netns)
  symlinkSync('/proc/self/ns/uts', netns)
  reboot()
  add({ subnet }, { containerID: 'new' })
  assert.equal(reserved(), ['10.1.2.3'])
})

test('a reservation that the reference made after the boot is kept, even for a container ID from before', () => {
  add({ subnet }, { containerID: 'a' })
  reboot()
  rmSync(`${dataDir}/net/10.1.2.2`)
  writeFileSync(`${dataDir}/net/10.1.2.2`, 'a\r\neth0')
  add({ subnet }, { containerID: 'new' })
  assert.equal(reserved(), ['10.1.2.2', '10.1.2.3'])
})

test('a reservation that the reference made before the boot is released when the index had it then', () => {
  add({ subnet }, { containerID: 'a' })
  writeFileSync(`${dataDir}/net/10.1.2.9`, 'reference\r\neth0')
  add({ subnet }, { containerID: 'b' })
  reboot()
  del({}, { containerID: 'unrelated' })
  assert.equal(reserved(), [])
})

test('a container that comes back after the boot under its old ID gets an address without a DEL', () => {
  add({ subnet }, { containerID: 'a' })
  reboot()
  assert.equal(add({ subnet }, { containerID: 'a' }), ['10.1.2.3'])
  assert.equal(reserved(), ['10.1.2.3'])
})

test('a requested address can be requested again after the boot', () => {
  add({ subnet }, { containerID: 'a', args: { IP: '10.1.2.77' } })
  reboot()
  assert.equal(add({ subnet }, { containerID: 'b', args: { IP: '10.1.2.77' } }), ['10.1.2.77'])
})

test('sticky addresses survive a boot, kept ones and those in use', () => {
  add(sticky, { containerID: 's1', args: pod('web-0') })
  del(sticky, { containerID: 's1' })
  add(sticky, { containerID: 's2', args: pod('web-1') })
  reboot()
  assert.equal(add(sticky, { containerID: 's3', args: pod('web-1') }), ['10.1.2.3'])
  assert.equal(add(sticky, { containerID: 's4', args: pod('web-0') }), ['10.1.2.2'])
})

test('with wait, an ADD fails only after waiting for an address', async () => {
  const full = { subnet: '10.1.2.0/30' }
  add(full, { containerID: 'old' })
  const before = performance.now()
  await fails(() => add({ ...full, wait: 1 }, { containerID: 'new' }), 11, /no IP addresses available/)
  const waited = performance.now() - before
  assert.ok(waited > 700 && waited < 30_000, `${waited} ms`)
})

test.run()
