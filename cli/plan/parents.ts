/** The host's links and the directories that the plugins of a list name. */

import { isObject } from '../../shared/config/json.ts'

type Raw = Readonly<Record<string, unknown>>

/** Keys whose value is a link that the host has already; `links` and `uplinks` are lists of objects with a `name`. */
const keys = ['master', 'device', 'dev']
const listKeys = ['links', 'uplinks']

/** Keys of links that the plugins make themselves. */
const makingKeys = ['bond', 'bridge', 'vrfname']

/** The links that must exist before the first ADD. A parent in the container's namespace is not the host's. */
export function parentsOf(plugins: readonly Raw[]): string[] {
  const made = plugins.flatMap((plugin) => makingKeys.map((key) => plugin[key]))
  const named = plugins.filter(({ linkInContainer }) => linkInContainer !== true).flatMap(namesIn)
  return [...new Set(named)].filter((name) => !made.includes(name))
}

function namesIn(plugin: Raw): string[] {
  const ones = keys.map((key) => plugin[key])
  const lists = listKeys.flatMap((key) => {
    const list = plugin[key]
    return Array.isArray(list) ? list.filter(isObject).map(({ name }) => name) : []
  })
  const nested = Object.values(plugin)
    .filter(isObject)
    .map((section) => section.device)
  return [...ones, ...lists, ...nested].filter(
    (name): name is string => typeof name === 'string' && name !== '',
  )
}

/** All texts of a configuration: names of links may be among them. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** The values of a key, however deep in a configuration. */
export function valuesOf(key: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, below]) =>
    name === key && typeof below === 'string' ? [below] : valuesOf(key, below),
  )
}
