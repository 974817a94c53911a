/** Generates the documentation's tables of keys, the reference, the pages of the operator's verbs, and a JSON Schema for each plugin. */

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { driverNames, interfaceKey, pluginOfDriver } from '../netavark/drivers.ts'
import { plugins } from '../plugins/registry.ts'
import type { Plugin } from '../shared/cni/plugin.ts'
import { common } from '../shared/config/common.ts'
import { jsonSchema } from '../shared/config/jsonschema.ts'
import { keyTable } from '../shared/config/keytable.ts'
import { manualPage } from './cli/man.ts'
import { verbPages } from './cli/pages.ts'
import { allExamples } from './example.ts'
import { type Documented, ownKeys, pluginPages, reference } from './reference.ts'

const root = new URL('..', import.meta.url).pathname

/** The text of every generated file, by its path from the root. */
export async function documents(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  files.set('docs/configuration.md', marked('docs/configuration.md', 'keys', keyTable(common)))
  const documented = await allPlugins()
  for (const { plugin, readme } of documented) {
    files.set(readme, marked(readme, 'keys', ownKeys(plugin)))
    files.set(`schemas/${plugin.name}.json`, `${JSON.stringify(jsonSchema(plugin), null, 2)}\n`)
  }
  files.set('docs/reference.md', reference(documented))
  files.set('docs/index.md', marked('docs/index.md', 'plugins', pluginPages(documented, '../')))
  files.set('docs/netavark.md', marked('docs/netavark.md', 'drivers', driverTable(documented)))
  files.set('README.md', marked('README.md', 'plugins', pluginPages(documented, '')))
  files.set('conf-examples/README.md', marked('conf-examples/README.md', 'examples', exampleTable()))
  files.set('docs/cli/patchbay.8', await manualPage())
  return new Map([...files, ...(await verbPages())])
}

async function allPlugins(): Promise<Documented[]> {
  const loaded = await Promise.all(Object.values(plugins).map((load) => load()))
  return loaded
    .map((plugin) => ({ plugin, readme: readmeOf(plugin) }))
    .sort((a, b) => (a.plugin.name < b.plugin.name ? -1 : 1))
}

/** Keys that are no options: the calls', and the name that podman gives. */
const refused = ['runtimeConfig', 'args', 'ifname']

/** A line for each driver of netavark: its plugin's page, what `--interface-name` is, and the names of its options. */
function driverTable(documented: readonly Documented[]): string {
  const lines = [...driverNames].sort().map((driver) => {
    const name = pluginOfDriver(driver) ?? ''
    const { plugin, readme } = documented.find((one) => one.plugin.name === name) as Documented
    const key = interfaceKey(name)
    const options = Object.keys(plugin.config.shape).filter((one) => !Object.hasOwn(common, one))
    const names = options.filter((one) => !refused.includes(one)).map((one) => `\`${one}\``)
    return `| [${driver}](../${dirname(readme)}) | ${key ? `\`${key}\`` : ''} | ${names.join(', ')} |`
  })
  return ['| driver | `--interface-name` | options |', '|---|---|---|', ...lines].join('\n')
}

/** A line for each example: its file, and its comment. */
function exampleTable(): string {
  const lines = allExamples().map(({ title, comment }) => `| [${title}](${title}.conflist) | ${comment} |`)
  return ['| file | what it is for |', '|---|---|', ...lines].join('\n')
}

/** The README of a plugin, in the folder of its name. */
function readmeOf({ name }: Plugin): string {
  const [readme] = globSync(`{plugins,shared/ipam}/**/${name}/README.md`, { cwd: root })
  if (!readme) throw new Error(`no folder ${name} has a README.md`)
  return readme
}

/** A page with `text` between the markers `<!-- NAME -->` and `<!-- /NAME -->`. */
function marked(path: string, name: string, text: string): string {
  const page = readFileSync(root + path, 'utf8')
  const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!place.test(page)) throw new Error(`${path} lacks <!-- ${name} --> and <!-- /${name} -->`)
  return page.replace(place, (_, open: string, close: string) => `${open}${text}\n${close}`)
}

if (import.meta.main) {
  for (const [path, text] of await documents()) {
    mkdirSync(dirname(root + path), { recursive: true })
    writeFileSync(root + path, text)
  }
}
