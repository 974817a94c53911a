/** Generates docs/reference.md from the schemas: every plugin and every key. */

import { dirname } from 'node:path'
import type { Plugin } from '../shared/cni/plugin.ts'
import { common } from '../shared/config/common.ts'
import { keyTable } from '../shared/config/keytable.ts'
import type { Shape } from '../shared/config/schema.ts'

/** A plugin and the path of its README from the root. */
export interface Documented {
  plugin: Plugin
  readme: string
}

/** The page: the common keys once, then the keys of each plugin. */
export function reference(documented: readonly Documented[]): string {
  return `# Configuration reference

Every key of every plugin. This page is generated from the schemas that check a configuration (\`npm run docs\`);
\`schemas/\` has the same as JSON Schema, for editors. [Configuration](configuration.md) has the rules that hold for all keys.

${pluginList(documented)}

## Keys of every plugin

${keyTable(common)}

${documented.map(section).join('\n\n')}
`
}

/** The plugins by group and name, with what each does, as links into the page. */
function pluginList(documented: readonly Documented[]): string {
  return grouped(documented, ({ plugin: { name, summary } }) => `- [${name}](#${name}) ${summary}`)
}

/** The same list with links to each plugin's README. @param root the relative path from the page to the root: `../` */
export function pluginPages(documented: readonly Documented[], root: string): string {
  return grouped(
    documented,
    ({ plugin: { name, summary }, readme }) => `- [${name}](${root}${dirname(readme)}) ${summary}`,
  )
}

const groups = ['Interfaces', 'Existing interfaces', 'Addresses (IPAM)'] as const

/** Plugins that make no interface, but change one that exists, alone or in a chain. */
const changing = ['firewall', 'loopback', 'vrf']

function groupOf({ plugin, readme }: Documented): (typeof groups)[number] {
  if (readme.startsWith('shared/ipam/')) return 'Addresses (IPAM)'
  return changing.includes(plugin.name) ? 'Existing interfaces' : 'Interfaces'
}

/** A list for each group, under its name. */
function grouped(documented: readonly Documented[], lineOf: (one: Documented) => string): string {
  const listOf = (group: string) => documented.filter((one) => groupOf(one) === group).map(lineOf)
  return groups.map((group) => [`${group}:`, '', ...listOf(group)].join('\n')).join('\n\n')
}

function section({ plugin, readme }: Documented): string {
  const links = `[What it does](../${dirname(readme)}) · [JSON Schema](../schemas/${plugin.name}.json)`
  return `## ${plugin.name}\n\n${links}\n\n${ownKeys(plugin)}`
}

/** A table of the plugin's own keys, and of common keys that it redefines; not of those that the runtime adds. */
export function ownKeys({ config }: Plugin): string {
  const own = Object.entries(config.shape).filter(
    ([key, schema]) => (common as Shape)[key] !== schema && !['runtimeConfig', 'args'].includes(key),
  )
  return own.length === 0 ? 'None of its own.' : keyTable(Object.fromEntries(own))
}
