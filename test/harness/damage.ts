/** Damages all records of an attachment, and asserts that DEL and the next ADD still succeed. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { unchanged } from './expect.ts'
import { type Netns, newContainer, removeContainer } from './host.ts'
import { exists } from './look.ts'
import { type Call, type Configuration, call, type Engine } from './plugin.ts'
import { snapshot } from './snapshot.ts'

/** Possible contents of a record after a crash, a full disk, or an edit. */
export const damages: Record<string, (text: string) => string> = {
  empty: () => '',
  torn: (text) => text.slice(0, text.length / 2),
  null: () => 'null',
  'an empty object': () => '{}',
  'an empty list': () => '[]',
  'of wrong types': (text) => text.replace(/"(network|containerID)":"[^"]*"/g, '"$1":7'),
  'wrong inside its lists': (text) =>
    text.replace(/\[.+\]/, '[{}]').replace(/"(path|netns)":"[^"]*"/, '"$1":[]'),
}

const state = '/run/patchbay'

/** Damages every record. @returns their number */
export function damageRecords(damage: (text: string) => string): number {
  if (!existsSync(state)) return 0
  const names = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  )
  for (const file of names.map((name) => join(state, name)))
    writeFileSync(file, damage(readFileSync(file, 'utf8')))
  return names.length
}

async function expectDone(request: Call): Promise<string> {
  const { status, json, stderr } = await call(request)
  assert.is(status, 0, `${request.verb}: ${JSON.stringify(json)}`)
  return stderr
}

/**
 * Attaches a container, damages its records and detaches it: nothing is left, and it can be attached again.
 * @param isGone whether the namespace is deleted before DEL
 */
export async function outlivesDamage(
  config: Configuration,
  damage: (text: string) => string,
  { isGone = false, engine }: { isGone?: boolean; engine?: Engine } = {},
): Promise<void> {
  const before = snapshot()
  let container: Netns = newContainer()
  const request = () => ({ config, containerID: container.name, netns: container.path, engine })
  const add = await call({ ...request(), verb: 'ADD' })
  assert.is(add.status, 0, JSON.stringify(add.json))
  assert.ok(damageRecords(damage) > 0)
  if (isGone) removeContainer(container)
  const prevResult = add.json
  const said = await expectDone({ ...request(), config: { ...config, prevResult }, verb: 'DEL' })
  assert.match(said, 'is damaged: set aside as /run/patchbay/')
  if (!isGone) assert.not(exists('eth0', container))
  await expectDone({ ...request(), verb: 'DEL' })
  unchanged(before)
  if (isGone) container = newContainer()
  const again = await call({ ...request(), verb: 'ADD' })
  assert.is(again.status, 0, JSON.stringify(again.json))
  await expectDone({ ...request(), config: { ...config, prevResult: again.json }, verb: 'CHECK' })
  await expectDone({ ...request(), verb: 'DEL' })
  unchanged(before)
}
