/** Writes what the documentation takes from the code: tables of keys, and a JSON Schema for each plugin. */

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { plugins } from '../plugins/registry.ts'
import { common } from '../shared/cni/common.ts'
import { jsonSchema } from '../shared/cni/jsonschema.ts'
import { keyTable } from '../shared/cni/keytable.ts'
import type { Plugin } from '../shared/cni/plugin.ts'

const root = new URL('..', import.meta.url).pathname

/** Every generated file by its path from the root, as it should be. */
export async function documents(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  files.set('docs/configuration.md', withTable('docs/configuration.md', keyTable(common)))
  for (const load of Object.values(plugins)) {
    const plugin = await load()
    const readme = readmeOf(plugin)
    files.set(readme, withTable(readme, ownKeys(plugin)))
    files.set(`schemas/${plugin.name}.json`, `${JSON.stringify(jsonSchema(plugin), null, 2)}\n`)
  }
  return files
}

/** The README in the folder that has the plugin's name, alone or in its family's. */
function readmeOf({ name }: Plugin): string {
  const [readme] = globSync(`{plugins,shared/ipam}/**/${name}/README.md`, { cwd: root })
  if (!readme) throw new Error(`no folder ${name} has a README.md`)
  return readme
}

/** A page with the table between its markers, `<!-- keys -->` and `<!-- /keys -->`. */
function withTable(path: string, table: string): string {
  const page = readFileSync(root + path, 'utf8')
  const marked = /(<!-- keys -->\n)[\s\S]*?(<!-- \/keys -->)/
  if (!marked.test(page))
    throw new Error(`${path} has no place for its table: <!-- keys --> and <!-- /keys -->`)
  return page.replace(marked, (_, open: string, close: string) => `${open}${table}\n${close}`)
}

/** The keys that are the plugin's own, or that it gives a meaning of its own. */
function ownKeys({ config }: Plugin): string {
  const own = Object.entries(config.shape).filter(
    ([key, schema]) => (common as Record<string, unknown>)[key] !== schema,
  )
  return own.length === 0 ? 'None of its own.' : keyTable(Object.fromEntries(own))
}

if (import.meta.main) {
  for (const [path, text] of await documents()) {
    mkdirSync(dirname(root + path), { recursive: true })
    writeFileSync(root + path, text)
  }
}
