import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { currentMark, indexHome, indexRoot } from '../../../shared/ipam/host-local/index.ts'
import { withAll, withStore } from '../../../shared/ipam/host-local/open.ts'
import { type Holder, recordOf } from '../../../shared/ipam/host-local/records.ts'
import { heldBy, release, reserve, type Store } from '../../../shared/ipam/host-local/store.ts'
import { draftFile } from '../../../shared/kernel/draft.ts'
import type { Settled } from '../../../shared/kernel/lock.ts'
import { test } from '../../harness/test.ts'
import { makeDirectory, removeDirectories } from './request.ts'

const log = { warn: () => {}, info: () => {} }

let directory: string
test.before.each(() => {
  directory = `${makeDirectory()}/net`
  withStore(mkdir(directory), log, () => {})
})
test.after.each(removeDirectories)

function mkdir(path: string): string {
  renameSync(makeDirectory(), path)
  return path
}

const address = (text: string) => parseAddress(text) as NonNullable<ReturnType<typeof parseAddress>>
const open = <T>(action: (store: Store) => Settled<T>): T => withStore(directory, log, action)
const root = () => indexRoot(directory)
const holder = (containerID: string, ifname = 'eth0'): Holder => ({ containerID, ifname })
const [first, last] = [address('10.1.2.1'), address('10.1.2.254')]

function take(file: string, who: Holder): boolean {
  const draft = draftFile(directory, recordOf(who))
  return open((store) => reserve(store, draft, { address: address(file), file, ...who }, {}))
}
const held = (who: Holder) => open((store) => heldBy(store, who).map(({ file }) => file)).sort()
const free = () => open((store) => store.index.firstFree(first, last))
const freeName = () => {
  const found = free()
  return found && formatAddress(found)
}

test('reservations made with the index are found without reading the other records', () => {
  take('10.1.2.1', holder('a'))
  take('10.1.2.2', holder('b'))
  assert.ok(currentMark(directory, root()))
  assert.equal(held(holder('a')), ['10.1.2.1'])
  assert.equal(held(holder('a', 'eth1')), [])
  assert.is(freeName(), '10.1.2.3')
  assert.ok(currentMark(directory, root()))
})

test('a released address is free in the index', () => {
  take('10.1.2.1', holder('a'))
  take('fd00::7', holder('a'))
  open((store) => {
    for (const one of heldBy(store, holder('a'))) release(store, one)
  })
  assert.ok(currentMark(directory, root()))
  assert.equal(held(holder('a')), [])
  assert.is(freeName(), '10.1.2.1')
})

test('records that another program made, removed or replaced are noticed', () => {
  take('10.1.2.1', holder('a'))
  writeFileSync(`${directory}/10.1.2.2`, 'b\r\neth0')
  assert.not.ok(currentMark(directory, root()))
  assert.equal(held(holder('b')), ['10.1.2.2'])
  assert.ok(currentMark(directory, root()))
  rmSync(`${directory}/10.1.2.1`)
  assert.is(freeName(), '10.1.2.1')
  writeFileSync(`${directory}/new`, 'c\r\neth0')
  renameSync(`${directory}/new`, `${directory}/10.1.2.2`)
  assert.equal(held(holder('b')), [])
  assert.equal(held(holder('c')), ['10.1.2.2'])
})

test('a change within the same tick of the clock is noticed', () => {
  for (let at = 1; at < 200; at++) {
    take(`10.1.2.${at}`, holder('ours'))
    writeFileSync(`${directory}/10.1.3.${at}`, 'theirs\r\neth0')
    assert.not.ok(currentMark(directory, root()))
  }
  assert.is(held(holder('theirs')).length, 199)
  assert.is(held(holder('ours')).length, 199)
})

test('a directory that was restored from a backup with its times is read again', () => {
  take('10.1.2.1', holder('a'))
  const { atime, mtime } = statSync(directory)
  open((store) => {
    for (const one of heldBy(store, holder('a'))) release(store, one)
  })
  writeFileSync(`${directory}/10.1.2.1`, 'a\r\neth0')
  utimesSync(directory, atime, mtime)
  assert.equal(held(holder('a')), ['10.1.2.1'])
})

test('an index that is lost or not writable costs time, not correctness', () => {
  take('10.1.2.1', holder('a'))
  rmSync(indexHome(directory), { recursive: true })
  assert.equal(held(holder('a')), ['10.1.2.1'])
  take('10.1.2.2', holder('b'))
  rmSync(indexHome(directory), { recursive: true })
  writeFileSync(indexHome(directory), 'in the way')
  assert.equal(held(holder('b')), ['10.1.2.2'])
  assert.is(take('10.1.2.3', holder('c')), true)
  assert.equal(held(holder('c')), ['10.1.2.3'])
  assert.is(freeName(), '10.1.2.4')
})

test('the index of another boot is not used', () => {
  take('10.1.2.1', holder('a'))
  renameSync(root(), `${indexHome(directory)}/unknown-boot`)
  assert.not.ok(currentMark(directory, root()))
  assert.equal(held(holder('a')), ['10.1.2.1'])
})

test('a record made by hand while the index is in use is skipped, and known to the next call', () => {
  take('10.1.2.1', holder('a'))
  open((store) => {
    writeFileSync(`${directory}/10.1.2.2`, 'hand\r\neth0')
    const draft = draftFile(directory, 'b\r\neth0')
    const wanted = { address: address('10.1.2.2'), file: '10.1.2.2', ...holder('b') }
    assert.is(reserve(store, draft, wanted, {}), false)
    store.index.invalidate()
  })
  assert.equal(held(holder('hand')), ['10.1.2.2'])
  assert.is(readFileSync(`${directory}/10.1.2.2`, 'utf8'), 'hand\r\neth0')
})

test('each of thousands of existing reservations is found, and all of them together', () => {
  for (let at = 0; at < 5000; at++)
    writeFileSync(`${directory}/10.2.${at >> 8}.${at & 255}`, `container-${at}\r\neth${at % 3}`)
  open(() => {})
  assert.ok(currentMark(directory, root()))
  for (const at of [0, 1, 7, 99, 1000, 2047, 2048, 4095, 4999])
    assert.equal(held(holder(`container-${at}`, `eth${at % 3}`)), [`10.2.${at >> 8}.${at & 255}`])
  assert.equal(held(holder('container-5000', 'eth0')), [])
  assert.equal(held(holder('container-7', 'eth0')), [])
  withAll(directory, log, (_, all) => assert.is(all.length, 5000))
})

test('records of old versions, without an interface, are found among others', () => {
  for (let at = 0; at < 100; at++) writeFileSync(`${directory}/10.2.1.${at}`, `c${at}\r\neth0`)
  writeFileSync(`${directory}/10.1.2.1`, 'c50')
  writeFileSync(`${directory}/10.1.2.2`, 'old')
  assert.equal(held(holder('c50')), ['10.1.2.1', '10.2.1.50'])
  assert.equal(held(holder('old')), ['10.1.2.2'])
  assert.ok(currentMark(directory, root()))
  assert.equal(held(holder('c50')), ['10.1.2.1', '10.2.1.50'])
  assert.equal(held(holder('old', 'eth7')), ['10.1.2.2'])
})

test('containers whose names cannot be file names are found', () => {
  const long = 'x'.repeat(300)
  writeFileSync(`${directory}/10.1.2.1`, `${long}\r\neth0`)
  writeFileSync(`${directory}/10.1.2.2`, 'größe/../a b\r\neth0')
  assert.equal(held(holder(long)), ['10.1.2.1'])
  assert.equal(held(holder('größe/../a b')), ['10.1.2.2'])
  take('10.1.2.3', holder(`${long}y`))
  assert.equal(held(holder(`${long}y`)), ['10.1.2.3'])
  assert.equal(held(holder(long)), ['10.1.2.1'])
})

test("nothing but the reference's files is in the network's directory", () => {
  take('10.1.2.1', holder('a'))
  assert.equal(readdirSync(directory).sort(), ['10.1.2.1', 'lock'])
})

test.run()
