/** Finds what the schemas of all plugins say of a key. */

import type { Registry } from '../../shared/cni/plugin.ts'
import { fieldKeys } from '../../shared/config/field.ts'
import { type KeyEntry, keysOf } from '../../shared/config/keytable.ts'
import { nearest } from '../../shared/config/near.ts'
import { misuse } from '../form/arguments.ts'
import { asked, quoted } from '../form/slip.ts'

/** A key, and the plugins where it is the same. */
export interface Key extends KeyEntry {
  plugins: string[]
  /** Those of them in which the reference has it, too. */
  reference: string[]
}

/**
 * The keys that a word means: `hairpinMode`, `bridge.hairpinMode`, `ipam.ranges`, the last part of a longer one, a plugin's name for all of its own,
 * or else a part of a word, as `hairpin`.
 * @throws CniError with the key that is near
 */
export async function keysFor(word: string, registry: Registry): Promise<Key[]> {
  const all = await allKeys(registry)
  const [plugin, rest] = split(word, registry)
  const own = plugin === undefined ? all : all.filter(({ plugins }) => plugins.includes(plugin))
  const named = rest === '' ? [] : matching(rest, own)
  const found = [...new Set([...named, ...ownKeys(word, all, registry)])]
  const close = found.length > 0 || rest.length < shortest ? found : containing(rest, own)
  if (close.length > 0) return close.map((key) => (plugin ? { ...key, plugins: [plugin] } : key))
  throw unknown(word, plugin, own)
}

/** Keys of a plugin that not all plugins have. */
function ownKeys(word: string, all: readonly Key[], registry: Registry): Key[] {
  if (!Object.hasOwn(registry, word)) return []
  return all.filter(({ plugins }) => plugins.includes(word) && plugins.length < Object.keys(registry).length)
}

/** A plugin's name before the first dot. */
function split(word: string, registry: Registry): [plugin: string | undefined, key: string] {
  const dot = word.indexOf('.')
  const first = word.slice(0, dot)
  return dot > 0 && Object.hasOwn(registry, first) ? [first, word.slice(dot + 1)] : [undefined, word]
}

/** Without the indices of lists, in lower case. */
const simple = (key: string) => key.replace(/\[\d*\]/g, '').toLowerCase()

function matching(word: string, keys: readonly Key[]): Key[] {
  const wanted = simple(word)
  const exact = keys.filter(({ key }) => simple(key) === wanted)
  return exact.length > 0 ? exact : keys.filter(({ key }) => simple(key).endsWith(`.${wanted}`))
}

/** A shorter part is in too many keys. */
const shortest = 3

/** Keys whose last part has the word within. */
function containing(word: string, keys: readonly Key[]): Key[] {
  const wanted = simple(word)
  return keys.filter(({ key }) => simple(key).replace(/.*\./, '').includes(wanted))
}

function unknown(word: string, plugin: string | undefined, keys: readonly Key[]): Error {
  const names = keys.flatMap(({ key }) => [key, key.replace(/.*[.\]]/, '')])
  const meant = nearest(plugin === undefined ? word : word.slice(plugin.length + 1), names)
  const whole = meant && plugin !== undefined ? `${plugin}.${meant}` : meant
  return misuse(`no key ${quoted(word)}${asked(whole)}`, 'patchbay explain PLUGIN shows the keys of a plugin')
}

/** Keys of the same name, type, default and meaning are one. */
async function allKeys(registry: Registry): Promise<Key[]> {
  const plugins = await Promise.all(Object.values(registry).map((load) => load()))
  const found = plugins.flatMap(({ name, config }) => keysOf(config.shape).map((entry) => ({ name, entry })))
  const groups = Map.groupBy(found, ({ entry: { key, type, meaning, ...entry } }) =>
    JSON.stringify([key, type, meaning, entry.default, entry.isRequired]),
  )
  return [...groups.values()].flatMap((group) => {
    const names = group.map(({ name }) => name).sort()
    const [first] = group
    return first
      ? [
          {
            ...first.entry,
            plugins: names,
            reference: names.filter((name) => hasReference(name, first.entry.key)),
          },
        ]
      : []
  })
}

/** Whether the reference's plugin of a name has a key. */
function hasReference(plugin: string, key: string): boolean {
  return (fieldKeys[plugin] ?? '').split(/\s+/).includes(key)
}
