/** A directory for records that is no directory, read-only or full: what needs no record works, the rest says what to do. */
// needs: link macvtap

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { allExamples } from '../../scripts/example.ts'
import { added, done, errorOf } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']
const state = '/run/patchbay'

interface Broken {
  make(): void
  /** What the error says besides the directory. */
  errno: string
  says: string
}

const broken: Record<string, Broken> = {
  'a link that leads nowhere': {
    make: () => symlinkSync('/run/nowhere', state),
    errno: 'ENOENT',
    says: `namei -l ${state}`,
  },
  'a file': { make: () => writeFileSync(state, ''), errno: 'ENOTDIR', says: `namei -l ${state}` },
  'read-only': { make: () => mounted('ro'), errno: 'EROFS', says: `findmnt -T ${state}` },
  'out of inodes': { make: () => mounted('nr_inodes=1'), errno: 'ENOSPC', says: `df -i ${state}` },
}

function mounted(options: string): void {
  mkdirSync(state)
  command('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', state)
}

/** Runs an action while the directory is broken. */
async function during({ make }: Broken, action: () => Promise<void>): Promise<void> {
  rmSync(state, { recursive: true, force: true })
  make()
  try {
    await action()
  } finally {
    if (make.toString().includes('mounted')) command('umount', state)
    rmSync(state, { recursive: true, force: true })
  }
}

const common = { cniVersion: '1.1.0', name: 'net' }
const macvtap = { ...common, type: 'macvtap', master: 'uplink', ipam: hostLocal('10.78.0.0/24') }
const bridge = { ...common, type: 'bridge', ipam: hostLocal('10.79.0.0/24') }
/** The plugins of the examples, each once. */
const examples = new Map(allExamples().map((example) => [example.plugin.type, example]))

/** DEL of a container that no plugin knows, for every plugin. */
async function deleteUnknown(engine: Engine): Promise<void> {
  const { path: netns } = newContainer()
  for (const { plugin, name } of examples.values()) {
    const config = { ...(plugin as Configuration), ...common, name }
    assert.equal(await call({ verb: 'DEL', config, netns, engine }), done, plugin.type)
  }
}

for (const [what, how] of Object.entries(broken)) {
  test(`${what}: DEL of what was never added succeeds for every plugin`, () =>
    during(how, () => deleteUnknown('quickjs')))

  for (const engine of engines)
    test(`${what}: ADD of macvtap says the path and the remedy, and leaves nothing (${engine})`, () =>
      during(how, async () => {
        const before = snapshot()
        const { path: netns } = newContainer()
        const { code, said } = errorOf(await call({ verb: 'ADD', config: macvtap, netns, engine }))
        assert.is(code, 5, said)
        for (const part of [how.errno, how.says]) assert.match(said, part)
        unchanged(before)
      }))

  test(`${what}: DEL removes interface and address of a bridge, which has no record`, async () => {
    const before = snapshot()
    const { path: netns, name } = newContainer()
    await added({ config: bridge, netns })
    await during(how, async () => {
      assert.equal(await call({ verb: 'DEL', config: bridge, netns }), done)
      assert.not(exists('eth0', { name, path: netns }))
    })
    command('ip', 'link', 'delete', 'cni0')
    unchanged(before)
  })

  test(`${what}: STATUS of every plugin answers as it does with a sound directory`, async () => {
    for (const { plugin, name } of examples.values()) {
      const request = { verb: 'STATUS', config: { ...(plugin as Configuration), ...common, name } } as const
      const sound = await call(request)
      await during(how, async () => assert.equal(await call(request), sound, plugin.type))
    }
  })
}

test('DEL of what was never added succeeds for every plugin with the other engine, too', () =>
  during(broken['read-only'] as Broken, () => deleteUnknown('node')))

test.run()
