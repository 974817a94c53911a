/**
 * host-local after a power loss: its files are on ext4 in an image, the image is copied between two calls, and the copy is mounted. Which
 * states there are is walked exhaustively by test/model; here ext4 says whether they are what the model takes them for.
 */
// needs: ext4 image
// packages: e2fsprogs

import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { command, succeeds } from '../harness/command.ts'
import { isFullRun } from '../harness/full.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { type Answer, type Call, call, type Engine, type Result } from '../harness/plugin.ts'
import { engines } from '../harness/status.ts'
import { test } from '../harness/test.ts'

await privateHost()
// The machine's own /dev, for loop devices.
command('mount', '-t', 'devtmpfs', 'devtmpfs', '/dev')
succeeds('modprobe', 'loop')

const disk = `${scratch}/disk`
const image = `${scratch}/image`
const bootFile = '/proc/sys/kernel/random/boot_id'
const USABLE = 3

/** A small ext4 for each test. Only fsync(2) writes to it: the journal's own time is longer than the test. */
test.before.each(() => {
  mkdirSync(disk, { recursive: true })
  rmSync(image, { force: true })
  command('truncate', '-s', '8M', image)
  command('mkfs.ext4', '-q', '-b', '1024', image)
  mount(image)
})
test.after.each(() => void command('umount', disk))

function mount(file: string): void {
  command('mount', '-o', 'loop,commit=300', file, disk)
}

/** What a power loss takes: all that was not synced, or only bytes: the names were synced with another program's file. */
const losses = {
  names: () => {},
  bytes: () => {
    const file = openSync(`${disk}/other`, 'w')
    writeFileSync(file, 'other')
    fsyncSync(file)
    closeSync(file)
  },
}

/** Runs an action on what a power loss leaves of the disk, in another boot. The disk itself goes on. */
async function afterLoss(loss: keyof typeof losses, action: () => Promise<void>): Promise<void> {
  losses[loss]()
  const copy = `${scratch}/copy`
  copyFileSync(image, copy)
  mount(copy)
  const boot = `${scratch}/boot_id`
  writeFileSync(boot, '12345678-1234-4321-8765-123456789abc\n')
  command('mount', '--bind', boot, bootFile)
  try {
    await action()
  } finally {
    command('umount', bootFile)
    command('umount', disk)
  }
}

/** The calls of an engine; each must succeed. */
function hostLocal(engine: Engine, more: object = {}) {
  const ranges = [[{ subnet: '10.1.2.0/29', rangeEnd: '10.1.2.4' }]]
  const ipam = { type: 'host-local', dataDir: `${disk}/networks`, ranges, ...more }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'host-local', ipam }
  const ask = async (verb: Call['verb'], containerID: string, keys: object = {}, args?: string) => {
    const answer = await call({
      verb,
      containerID,
      netns: '/none',
      engine,
      args,
      config: { ...config, ...keys },
    })
    assert.is(answer.status, 0, `${verb} ${containerID}: ${JSON.stringify(answer.json)}`)
    return answer
  }
  return {
    add: (containerID: string, key?: string) => ask('ADD', containerID, {}, key && `STICKY_KEY=${key}`),
    del: (containerID: string) => ask('DEL', containerID),
    check: (containerID: string, { json }: Answer) => ask('CHECK', containerID, { prevResult: json }),
    gc: (...valid: string[]) => {
      const attachments = valid.map((containerID) => ({ containerID, ifname: 'eth0' }))
      return ask('GC', '', { 'cni.dev/valid-attachments': attachments })
    },
  }
}

const addressOf = ({ json }: Answer) => addressesOf((json as unknown as Result).ips)[0]

/** The text of each record. */
function records(): Record<string, string> {
  const directory = `${disk}/networks/net`
  const files = readdirSync(directory).filter((name) => name.startsWith('10.'))
  return Object.fromEntries(
    files.sort().map((file) => [file, readFileSync(`${directory}/${file}`, 'latin1')]),
  )
}

for (const engine of engines) {
  const { add, del, check, gc } = hostLocal(engine)

  /** DEL of the containers of before, then all addresses for new ones, then GC of all but one. */
  const verify = async (...before: string[]) => {
    for (const container of before) await del(container)
    const given = []
    for (let at = 0; at < USABLE; at++) given.push(await add(`after-${at}`))
    assert.is(new Set(given.map(addressOf)).size, USABLE)
    for (const [at, answer] of given.entries()) await check(`after-${at}`, answer)
    await gc('after-1')
    assert.equal(Object.values(records()), ['after-1\r\neth0'])
  }

  test(`${engine}: a power loss that empties records stops no call, and all addresses are given once`, async () => {
    for (const container of ['a', 'b', 'c']) await add(container)
    await del('b')
    await afterLoss('bytes', async () => {
      assert.equal(records(), { '10.1.2.2': '', '10.1.2.4': '' })
      await verify('a')
    })
  })

  const sticky = hostLocal(engine, { sticky: true })

  for (const loss of engine === 'quickjs' || isFullRun()
    ? (['names', 'bytes'] as const)
    : (['names'] as const))
    test(`${engine}: a power loss that takes ${loss} leaves sticky addresses to their keys`, async () => {
      const first = await sticky.add('a', 'db')
      const own = addressOf(await sticky.add('b', 'web'))
      const returns = () =>
        afterLoss(loss, async () => {
          assert.is(addressOf(await sticky.add('new-b', 'web')), own)
          assert.is(addressOf(await sticky.add('new-a', 'db')), addressOf(first))
        })
      await returns()
      await sticky.gc('a', 'b')
      await returns()
      await sticky.del('b')
      await returns()
      await sticky.add('c', 'web')
      await returns()
    })

  if (engine === 'node' && !isFullRun()) continue // starts slowly, and the calls are the same

  test(`${engine}: a power loss that takes back ADD or DEL stops no call, and all addresses are given once`, async () => {
    await add('a')
    command('sync', '-f', disk)
    await del('a')
    await add('b')
    await afterLoss('names', async () => {
      assert.equal(records(), { '10.1.2.2': 'a\r\neth0' })
      await verify('b')
    })
    await afterLoss('names', () => gc().then(() => verify()))
  })

  test(`${engine}: an index of an earlier boot that cannot be removed stops no call`, async () => {
    await add('a')
    await afterLoss('bytes', async () => {
      const indexes = `${disk}/networks/.patchbay/net`
      const [earlier] = readdirSync(indexes)
      command('mount', '-t', 'tmpfs', 'tmpfs', `${indexes}/${earlier}/taken`)
      await add('b').finally(() => command('umount', `${indexes}/${earlier}/taken`))
      await verify('a', 'b')
    })
  })
}

test.run()
