/** Reservations below a directory of another user, who puts something else there: nothing is followed, waited for or read without end. */

import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { type Call, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const neighbour = 1000
const dataDir = `${scratch}/networks`
const network = `${dataDir}/net`
/** Where a followed symlink would lead. */
const elsewhere = `${scratch}/elsewhere`

/** Makes a directory of the other user, with this in it. */
function owned(directory: string, ...symlinks: string[]): void {
  mkdirSync(directory, { recursive: true })
  chownSync(directory, neighbour, neighbour)
  for (const name of symlinks) symlinkSync(elsewhere, `${directory}/${name}`)
}

test.before.each(() => {
  for (const path of [dataDir, elsewhere]) rmSync(path, { recursive: true, force: true })
})

const request = (engine: Engine, verb: Call['verb'], directory = dataDir) => {
  const ipam = { type: 'host-local', dataDir: directory, subnet: '10.1.2.0/24' }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'host-local', ipam }
  return { engine, verb, config, netns: '/none', containerID: 'one' }
}

for (const engine of ['quickjs', 'node'] as const) {
  for (const [name, directory] of [
    ['net', dataDir],
    ['.patchbay', dataDir],
    ['cni', `${dataDir}/cni`],
  ] as const)
    test(`${engine}: a symlink ${name} is not followed by ADD, DEL, GC and STATUS, which name it`, async () => {
      owned(dataDir, name)
      mkdirSync(elsewhere)
      for (const verb of ['ADD', 'DEL', 'GC', 'STATUS'] as const) {
        const { code, said } = errorOf(await call(request(engine, verb, directory)))
        assert.is(code, verb === 'STATUS' ? 50 : 5, said)
        assert.match(
          said,
          `follow the symlink ${dataDir}/${name}, which another user than root may have made`,
        )
      }
      assert.equal(readdirSync(elsewhere), [])
    })

  test(`${engine}: symlinks of root are followed, where others cannot replace them`, async () => {
    mkdirSync(elsewhere)
    mkdirSync(dataDir)
    command('chmod', '1777', dataDir)
    symlinkSync(elsewhere, `${dataDir}/cni`)
    await added(request(engine, 'ADD', `${dataDir}/cni`))
    assert.equal(reservedIn(`${elsewhere}/net`), ['10.1.2.2'])
  })

  for (const name of ['lock', 'last_reserved_ip.0'])
    test(`${engine}: a symlink ${name} is refused, and its target stays as it is`, async () => {
      owned(network, name)
      writeFileSync(elsewhere, 'the same')
      const { code, said } = errorOf(await call(request(engine, 'ADD')))
      assert.is(code, 5, said)
      assert.match(said, `${network}/${name}: ELOOP`)
      assert.is(readFileSync(elsewhere, 'utf8'), 'the same')
      assert.equal(reservedIn(network), [])
    })

  test(`${engine}: what is no record is removed, and the address is given: a symlink, a FIFO, a large file`, async () => {
    const record = `${network}/10.1.2.2`
    const others = [
      () => symlinkSync('/dev/zero', record),
      () => command('mkfifo', record),
      () => command('truncate', '-s', '1T', record),
    ]
    for (const make of others) {
      owned(network)
      make()
      await added(request(engine, 'ADD'))
      assert.equal(reservedIn(network), ['10.1.2.2'])
      assert.equal(await call(request(engine, 'DEL')), done)
      rmSync(dataDir, { recursive: true })
    }
  })
}

test.run()
