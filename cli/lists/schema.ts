/** JSON Schemas for editors: of one plugin, and of a list, which picks the plugin's by `type`. */

import type { Plugin, Registry } from '../../shared/cni/plugin.ts'
import { versions } from '../../shared/cni/version.ts'
import { jsonSchema } from '../../shared/config/jsonschema.ts'
import { isOwnIpam } from '../../shared/ipam/ipam.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean, quoted } from '../form/slip.ts'

/** The word for the schema of a list. */
export const listWord = 'list'

/** @throws CniError for another word */
export async function schemaOf(type: string, registry: Registry): Promise<object> {
  if (type === listWord) return listSchema(await allPlugins(registry))
  const load = Object.hasOwn(registry, type) ? registry[type] : undefined
  if (load) return jsonSchema(await load())
  const names = [listWord, ...Object.keys(registry)]
  throw misuse(`no plugin ${quoted(type)}${didYouMean(type, names)}`, `there are ${names.join(', ')}`)
}

function allPlugins(registry: Registry): Promise<Plugin[]> {
  return Promise.all(Object.values(registry).map((load) => load()))
}

const flag = { anyOf: [{ type: 'boolean' }, { enum: ['true', 'false'] }] }
const version = { type: 'string', enum: versions }

/** The schema of a .conflist (CNI specification, section "Network configuration format"). Other projects' plugins may have any keys. */
function listSchema(plugins: readonly Plugin[]): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'CNI network configuration list',
    type: 'object',
    required: ['cniVersion', 'name', 'plugins'],
    properties: {
      cniVersion: { ...version, description: 'Version of the CNI specification.' },
      cniVersions: {
        type: 'array',
        items: version,
        description: 'The runtime chooses the highest that it knows.',
      },
      name: {
        type: 'string',
        pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]*$',
        description: "The network's name, unique on the host.",
      },
      disableCheck: { ...flag, description: 'The runtime does not call CHECK.' },
      disableGC: { ...flag, description: 'The runtime does not call GC.' },
      loadOnlyInlinedPlugins: {
        ...flag,
        description: 'No plugins are read from a folder of the name of the network.',
      },
      plugins: { type: 'array', minItems: 1, items: memberSchema(plugins) },
    },
    $defs: Object.fromEntries(plugins.map((plugin) => [plugin.name, partOf(plugin)])),
  }
}

function partOf(plugin: Plugin): object {
  const { $schema: _, ...schema } = jsonSchema(plugin) as Record<string, unknown>
  return schema
}

function memberSchema(plugins: readonly Plugin[]): object {
  const [delegates, interfaces] = [true, false].map((own) =>
    plugins.filter(({ name }) => isOwnIpam(name) === own),
  ) as [Plugin[], Plugin[]]
  return {
    type: 'object',
    required: ['type'],
    properties: {
      type: words(interfaces, 'The plugin.'),
      ipam: { properties: { type: words(delegates, 'The IPAM plugin.') } },
    },
    allOf: [
      ...interfaces.map(({ name }) => whenThen(whose(name), { $ref: `#/$defs/${name}` })),
      ...delegates.map(({ name }) =>
        whenThen(
          { required: ['ipam'], properties: { ipam: whose(name) } },
          { properties: { ipam: { $ref: `#/$defs/${name}/properties/ipam` } } },
        ),
      ),
    ],
  }
}

/** An object with `then` written out could be taken for a promise. */
function whenThen(condition: object, consequence: object): object {
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
  ])
}

/** Editors propose the names; another project's is allowed. */
function words(plugins: readonly Plugin[], description: string): object {
  return { description, anyOf: [{ enum: plugins.map(({ name }) => name) }, { type: 'string' }] }
}

const whose = (name: string) => ({ required: ['type'], properties: { type: { const: name } } })
