/** Lists whose cniVersion is too new for the runtime that reads them, or for a plugin in them. */

import { versions } from '../../../shared/cni/version.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { word } from '../../form/shell.ts'
import { newestOfRuntime, versionsOfPlugin } from '../../host/cni-versions.ts'
import { isAtLeast, versionOfProgram } from '../../host/program-version.ts'
import type { Runtime } from '../../host/runtimes.ts'
import { ownerOf } from '../../installation/owner.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { type List, listDirectories, type Search, searchesOf, takeAway } from './lists.ts'
import { pluginFilesOf } from './plugin-files.ts'
import { typesOf } from './plugins.ts'

/** What a runtime or a plugin takes, and how that is known. */
interface Limit {
  who: string
  newest: string
  where: string
  value: string
}

export const versionTooNew: Fault = {
  id: 'version-too-new',
  title: 'the cniVersion of a list is too new',
  severity: 'error',
  before: true,
  look: (view) =>
    listDirectories(view).flatMap((directory) =>
      directory.lists.flatMap((list) => {
        const version = versionIn(list)
        // Each runtime and plugin of today takes 0.4.0: nothing is executed to learn that.
        if (version === undefined || isAtLeast('0.4.0', version)) return []
        const searches = searchesOf(directory)
        const limits = [
          ...directory.runtimes.flatMap((runtime) => limitOf(runtime, view) ?? []),
          ...searches.flatMap((search) => limitsOfPlugins(list, search, view)),
        ]
        const refusing = limits.filter(({ newest }) => !isAtLeast(newest, version))
        return refusing.length > 0 ? [tooNew(list, version, refusing)] : []
      }),
    ),
}

function versionIn({ members: [first] }: List): string | undefined {
  const version = first?.raw.cniVersion
  return typeof version === 'string' && /^\d+\.\d+\.\d+$/.test(version) ? version : undefined
}

const releaseOf = oncePer((runtime: Runtime) => ({
  release: runtime.program === undefined ? undefined : versionOfProgram(runtime.program),
}))

/** The version of a runtime's program, asked once. */
export const versionOfRuntime = (runtime: Runtime): string | undefined => releaseOf(runtime).release

function limitOf(runtime: Runtime, view: View): Limit | undefined {
  const release = versionOfRuntime(runtime)
  if (release === undefined) {
    view.leftOut(runtime.name, `${runtime.program ?? 'its program'} does not tell its version`)
    return undefined
  }
  const newest = newestOfRuntime(runtime.name, release)
  return {
    who: `${runtime.name} ${release}`,
    newest,
    where: `${runtime.program} --version`,
    value: `${release}, which takes CNI up to ${newest}`,
  }
}

const askedOf = oncePer((_: View) => new Map<string, string[] | undefined>())

/** Plugins of ours take all versions; those of other projects are asked. */
function limitsOfPlugins(list: List, { directories }: Search, view: View): Limit[] {
  const files = pluginFilesOf(view)
  return typesOf(list).flatMap((type): Limit[] => {
    const directory = directories.find((one) => files.get(one)?.some(({ name }) => name === type))
    const file = files.get(directory ?? '')?.find(({ name }) => name === type)
    if (!directory || !file || file.problem || ownerOf(directory, type) === 'ours') return []
    const taken = supported(file.path, askedOf(view))
    const newest = taken
      ?.filter((one) => (versions as readonly string[]).includes(one))
      .sort(byVersion)
      .at(-1)
    if (newest === undefined) return []
    return [
      { who: type, newest, where: `CNI_COMMAND=VERSION ${word(file.path)}`, value: taken?.join(', ') ?? '' },
    ]
  })
}

const byVersion = (one: string, other: string) => (isAtLeast(one, other) ? 1 : -1)

function supported(path: string, asked: Map<string, string[] | undefined>): string[] | undefined {
  if (!asked.has(path)) asked.set(path, versionsOfPlugin(path))
  return asked.get(path)
}

function tooNew({ file }: List, version: string, refusing: readonly Limit[]): Finding {
  const [lowest = '0.4.0'] = refusing.map(({ newest }) => newest).sort(byVersion)
  const pattern = `"cniVersion"[[:space:]]*:[[:space:]]*"${version.replaceAll('.', '\\.')}"`
  const isSupported = isAtLeast(lowest, '0.3.0')
  return {
    subject: file,
    cause: `${refusing.map(({ who }) => who).join(', ')} refuses cniVersion ${version}: no pod gets this network`,
    evidence: [
      { where: file, value: `cniVersion ${version}` },
      ...refusing.map(({ where, value }) => ({ where, value })),
    ],
    mend: [isSupported ? `sed -i 's/${pattern}/"cniVersion": "${lowest}"/' ${word(file)}` : takeAway(file)],
  }
}
