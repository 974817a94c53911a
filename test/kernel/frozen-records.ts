/** Attachments of every plugin that keeps files, and the records of each release for them: see docs/releasing.md. */

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import {
  bootId,
  type Files,
  type Machine,
  recorded,
  replace,
  withoutWords,
  withWords,
} from '../harness/frozen.ts'
import { type Netns, newContainer, removeContainer } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { executables } from '../harness/plugin.ts'
import { type Snapshot, snapshot, snapshotOf, withoutNumbers } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import type { Way } from '../harness/way.ts'
import { attached, walk } from '../harness/way-calls.ts'

const home = join(import.meta.dirname, '../fixtures/records')

/** With this variable set to a version the tests write its records instead. */
const freezing = process.env.PATCHBAY_FREEZE

/** The tests of one attachment, with the records of each release. */
export function testRecords(name: string, way: Way): void {
  if (freezing) test(`freeze ${name}`, () => freeze(name, way, freezing))
  for (const version of freezing ? [] : releases()) {
    const files = read(version, name)
    test(`${name}: CHECK, GC, reapply and DEL work with the records of ${version}`, () =>
      goOn(name, way, files))
    test(`${name}: GC removes by the records of ${version} what a container has left`, () =>
      collect(name, way, files))
  }
}

/** The releases that have records: folders beside the README. */
function releases(): string[] {
  return readdirSync(home, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? entry.name : []))
    .sort()
}

function read(version: string, name: string): Files {
  return JSON.parse(readFileSync(join(home, version, `${name}.json`), 'utf8'))
}

async function freeze(name: string, way: Way, version: string): Promise<void> {
  const { container, machine } = await running(name, way)
  const text = JSON.stringify(withWords(recorded(), machine(container)), undefined, 2)
  mkdirSync(join(home, version), { recursive: true })
  writeFileSync(join(home, version, `${name}.json`), `${text}\n`)
  await walk('DEL', 'quickjs', { way, container })
}

async function goOn(name: string, way: Way, files: Files): Promise<void> {
  const { container, result, before, machine } = await running(name, way)
  replace(withoutWords(files, machine(container)))
  const check = () => walk('CHECK', 'quickjs', { way, container, result })
  await check()
  await walk('GC', 'quickjs', { way, container, valid: [container] })
  await check()
  command('nft', 'flush', 'ruleset')
  command(`${executables()}/patchbay`, 'reapply')
  await check()
  await walk('DEL', 'quickjs', { way, container })
  unchanged(before, () => look(way, container))
  noneIsDamaged()
  removeContainer(container)
}

async function collect(name: string, way: Way, files: Files): Promise<void> {
  const { container, machine } = await running(name, way)
  replace(withoutWords(files, machine(container)))
  removeContainer(container)
  await afterTick()
  await walk('GC', 'quickjs', { way, container })
  const left = Object.entries(recorded()).filter((entry) => entry.join(' ').includes(container.name))
  assert.equal(
    left.filter(([path]) => !way.stays?.test(`file ${path}`)),
    [],
  )
  noneIsDamaged()
  if (way.lends) await until('the other end of the NIC has gone with it', () => !exists(`${way.lends}-peer`))
}

/** GC keeps what is not older than itself by the clock of files, which has ticks of some milliseconds. */
async function afterTick(): Promise<void> {
  const end = Date.now() + 20
  await until('the clock of files goes on', () => Date.now() > end)
}

function noneIsDamaged(): void {
  assert.equal(
    Object.keys(recorded()).filter((path) => path.endsWith('.damaged')),
    [],
  )
}

/** A container that today's executables have attached, once before for what containers share. */
async function running(name: string, way: Way) {
  const container = newContainer(`frozen-${name}`)
  way.prepare?.(container)
  await attached(way, 'quickjs', container)
  await walk('DEL', 'quickjs', { way, container })
  replace({})
  command('nft', 'flush', 'ruleset')
  const before = look(way, container)
  const machine = machineOf(way)
  return { container, before, machine, result: await attached(way, 'quickjs', container) }
}

/** What is of this machine only: the number and inode of a link that is lent, of the namespace, of a device node; this boot. */
function machineOf({ lends }: Way): (container: Netns) => Machine {
  const numberOf = (file: string) => (lends ? command('cat', `/sys/class/net/${lends}/${file}`).trim() : '')
  const device = lends ? String(statSync(`/sys/class/net/${lends}/`).ino) : ''
  const index = numberOf('ifindex')
  return (container) => ({
    inode: String(statSync(container.path).ino),
    boot: bootId(),
    ...(lends && { device, index: `"index":${index}` }),
    ...nodeOf(container),
  })
}

/** The numbers of a container's device node. */
function nodeOf({ name }: Netns): Machine {
  try {
    const { rdev } = statSync(`/dev/patchbay/${name}/eth0`)
    const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)]
    return { node: `${major}:${minor}`, numbers: `{"major":${major},"minor":${minor}}` }
  } catch {
    return {}
  }
}

function look({ leaves }: Way, { name }: Netns): Snapshot {
  const lines = withoutNumbers([...snapshot(), ...snapshotOf(name)])
  return leaves ? lines.filter((line) => !leaves.test(line)) : lines
}
