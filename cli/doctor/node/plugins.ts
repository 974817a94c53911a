/** Plugins that a runtime does not find where it looks, or of which it finds another project's first. */

import type { Registry } from '../../../shared/cni/plugin.ts'
import { isObject } from '../../../shared/config/json.ts'
import { isKind, Kind, stat } from '../../../shared/kernel/stat.ts'
import { word } from '../../form/shell.ts'
import { isOfOurs, directories as usual } from '../../host/executable.ts'
import { ownerOf } from '../../installation/owner.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { runtimesOf } from '../frame/host.ts'
import { install } from '../frame/own-call.ts'
import { type List, listDirectories, type Search, searchesOf, takeAway } from './lists.ts'
import { pluginFilesOf } from './plugin-files.ts'

/** A plugin that a list names, and that no directory of its runtime has. */
interface Missing {
  list: List
  search: Search
  type: string
  /** A directory where no runtime of the list looks, and which has it. */
  elsewhere?: string
}

/**
 * Without a runtime that calls plugins, a list of which nothing is installed is for none: as the one of podman's package, whose containers have
 * netavark.
 */
function missingOf(view: View): Missing[] {
  const files = pluginFilesOf(view)
  return listDirectories(view).flatMap((directory) =>
    searchesOf(directory).flatMap((search) => {
      const names = new Set(
        search.directories.flatMap((one) => (files.get(one) ?? []).map(({ name }) => name)),
      )
      const isUsed = (list: List) =>
        directory.runtimes.length > 0 || typesOf(list).some((type) => names.has(type))
      return directory.lists.filter(isUsed).flatMap((list) =>
        typesOf(list)
          .filter((type) => !names.has(type))
          .map((type) => ({ list, search, type, elsewhere: elsewhere(type, search, view) })),
      )
    }),
  )
}

/** The names of the plugins of a list, those of their IPAM included. */
export function typesOf({ members }: List): string[] {
  const types = members.flatMap(({ type, raw: { ipam } }) => [type, isObject(ipam) ? ipam.type : undefined])
  return [...new Set(types.filter((type): type is string => typeof type === 'string' && isFileName(type)))]
}

const isFileName = (type: string) =>
  type !== '' && !type.includes('/') && !type.includes('\0') && type.length < 256

function elsewhere(type: string, { directories }: Search, view: View): string | undefined {
  const others = runtimesOf(view).flatMap(({ pluginDirectories: { value } }) => value)
  return [...usual(), ...others].find((one) => !directories.includes(one) && isFile(`${one}/${type}`))
}

function isFile(path: string): boolean {
  const found = stat(path)
  return found !== undefined && isKind(found, Kind.REGULAR)
}

export const pluginElsewhere: Fault = {
  id: 'plugin-elsewhere',
  title: 'plugins are in another directory than the runtime looks in',
  severity: 'error',
  before: true,
  look: (view) =>
    grouped(missingOf(view).filter((one) => one.elsewhere)).map(([first, types]) => {
      const { list, search, elsewhere = '' } = first
      const [to = ''] = search.directories
      return {
        subject: list.file,
        cause: `${search.who} looks for ${types.join(', ')} in ${search.directories.join(', ')}, where they are not; they are in ${elsewhere}`,
        evidence: [
          { where: search.where, value: search.directories.join(', ') },
          ...types.map((type) => ({ where: `${elsewhere}/${type}`, value: 'is there' })),
        ],
        mend: bringTo(to, elsewhere, types, view.plugins),
      }
    }),
}

/** Ours are installed again, those of other projects get a link. */
function bringTo(to: string, from: string, types: readonly string[], plugins: Registry): string[] {
  const ours = types.filter((type) => isOfOurs(type, plugins) && ownerOf(from, type) === 'ours')
  const others = types.filter((type) => !ours.includes(type))
  return [
    ...(ours.length > 0 ? [install(to)] : []),
    ...(others.length > 0 ? [`mkdir -p ${word(to)}`] : []),
    ...others.map((type) => `ln -s ${word(`${from}/${type}`)} ${word(`${to}/${type}`)}`),
  ]
}

export const pluginMissing: Fault = {
  id: 'plugin-missing',
  title: "a list's plugin is not installed",
  severity: 'error',
  before: true,
  look: (view) =>
    grouped(missingOf(view).filter((one) => !one.elsewhere)).map(([{ list, search }, types]) => {
      const [to = ''] = search.directories
      const foreign = types.filter((type) => !Object.hasOwn(view.plugins, type))
      const advice = foreign.length > 0 ? `; install ${foreign.join(', ')}, or take the list away` : ''
      return {
        subject: list.file,
        cause: `no pod gets this network: ${types.join(', ')} not installed${advice}`,
        evidence: [
          { where: list.file, value: `type ${types.join(', ')}` },
          { where: search.where, value: search.directories.join(', ') },
        ],
        mend: foreign.length > 0 ? [takeAway(list.file)] : [install(to)],
      }
    }),
}

/** One group for each list, runtime and directory. */
function grouped(missing: readonly Missing[]): [Missing, string[]][] {
  const groups = Map.groupBy(
    missing,
    ({ list, search, elsewhere }) => `${list.file}\n${search.where}\n${elsewhere}`,
  )
  return [...groups.values()].map((group) => [group[0] as Missing, group.map(({ type }) => type)])
}

export const loopbackMissing: Fault = {
  id: 'loopback-missing',
  title: 'containerd has no plugin loopback',
  severity: 'error',
  before: true,
  look(view) {
    const files = pluginFilesOf(view)
    return runtimesOf(view)
      .filter(({ needsLoopback, runs }) => needsLoopback && runs)
      .flatMap(({ name, pluginDirectories: { value, where } }): Finding[] => {
        const has = value.some((one) =>
          (files.get(one.replace(/\/+$/, '')) ?? []).some((file) => file.name === 'loopback'),
        )
        if (has) return []
        return [
          {
            subject: value.join(', '),
            cause: `${name} runs loopback for each pod, and starts none without it`,
            evidence: [{ where, value: `${value.join(', ')} has no loopback` }],
            mend: [install(value[0] ?? '/opt/cni/bin')],
          },
        ]
      })
  },
}

export const shadowedPlugin: Fault = {
  id: 'shadowed-plugin',
  title: "another project's plugin is before Patchbay's",
  severity: 'warning',
  before: true,
  look: (view) =>
    listDirectories(view).flatMap((directory) =>
      searchesOf(directory).flatMap(({ who, directories, where }) =>
        shadowed(directory.lists, who, directories, where, view),
      ),
    ),
}

/** A plugin of a list that the first directory has from another project, and a later one from us. */
function shadowed(
  lists: readonly List[],
  who: string,
  directories: readonly string[],
  where: string,
  view: View,
): Finding[] {
  if (directories.length < 2 || who === 'a runtime') return []
  const types = [...new Set(lists.flatMap(typesOf))].filter((type) => Object.hasOwn(view.plugins, type))
  return types.flatMap((type): Finding[] => {
    const having = directories.filter((one) => isFile(`${one}/${type}`))
    const [first, ...later] = having
    const ours = later.find((one) => ownerOf(one, type) === 'ours')
    if (!first || !ours || ownerOf(first, type) === 'ours') return []
    return [
      {
        subject: `${first}/${type}`,
        cause: `${who} executes it, and not ${ours}/${type}`,
        evidence: [{ where, value: directories.join(', ') }],
        mend: [install(first, ' --replace')],
      },
    ]
  })
}
