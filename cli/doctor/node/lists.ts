/** The lists of networks that runtimes read, and what can be wrong with their files. */

import { oncePer } from '../../../shared/config/once.ts'
import { toCniError } from '../../../shared/error/error.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { readDirectoryIfAny } from '../../../shared/kernel/files.ts'
import { word } from '../../form/shell.ts'
import { directories } from '../../host/executable.ts'
import { type Configured, configurationFiles, readConfiguration } from '../../host/networks.ts'
import type { Runtime } from '../../host/runtimes.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { runtimesOf } from '../frame/host.ts'

const standard = '/etc/cni/net.d'

/** A directory of lists, and which runtimes read it. */
export interface ListDirectory {
  path: string
  runtimes: readonly Runtime[]
  lists: readonly List[]
}

/** A file of a network. */
export interface List {
  file: string
  members: readonly Configured[]
  /** Why it cannot be used. */
  damage?: string
}

/** The directories of the runtimes; the standard one where none reads it. @throws KernelError */
export const listDirectories: (view: View) => ListDirectory[] = oncePer((view: View) => {
  const runtimes = runtimesOf(view)
  const paths = new Set([...runtimes.map(({ listDirectory: { value } }) => withoutSlash(value)), standard])
  return [...paths].map((path) => ({
    path,
    runtimes: runtimes.filter(({ listDirectory: { value } }) => withoutSlash(value) === path),
    lists:
      readDirectoryIfAny(path).length > 0 ? configurationFiles(path).map((file) => listIn(file, view)) : [],
  }))
})

const withoutSlash = (path: string) => path.replace(/\/+$/, '')

function listIn(file: string, view: View): List {
  try {
    return { file, members: readConfiguration(file) }
  } catch (error) {
    const { message } = toCniError(error)
    if (!isErrno(error, 'EACCES', 'EPERM')) return { file, members: [], damage: message }
    view.leftOut(file, message)
    return { file, members: [] }
  }
}

/** Where plugins of a directory's lists are looked for, and which setting says so. */
export interface Search {
  /** `containerd`, or who else looks. */
  who: string
  directories: readonly string[]
  where: string
}

/** Of each runtime that reads the directory; without one, of cnitool and gc. */
export function searchesOf({ runtimes }: Pick<ListDirectory, 'runtimes'>): Search[] {
  if (runtimes.length === 0)
    return [
      { who: 'a runtime', directories: directories(), where: 'no runtime was found: the usual directories' },
    ]
  return runtimes.map(({ name, pluginDirectories: { value, where } }) => ({
    ...{ who: name, directories: value.map(withoutSlash), where },
  }))
}

export const damagedList: Fault = {
  id: 'damaged-list',
  title: 'a network list cannot be read',
  severity: 'error',
  before: true,
  look: (view) =>
    listDirectories(view).flatMap(({ lists }) =>
      lists.flatMap(({ file, damage }) =>
        damage === undefined
          ? []
          : [
              {
                subject: file,
                cause:
                  'a runtime skips the file, or has no network at all while it is there: correct it, or take it away',
                evidence: [{ where: file, value: damage }],
                mend: [takeAway(file)],
              },
            ],
      ),
    ),
}

/** No runtime reads a file with another ending. */
export const takeAway = (file: string): string => `mv ${word(file)} ${word(`${file}.unused`)}`

export const duplicateNetwork: Fault = {
  id: 'duplicate-network',
  title: 'two lists have the same network',
  severity: 'warning',
  before: true,
  look: (view) => listDirectories(view).flatMap(({ lists }) => duplicatesIn(lists)),
}

function duplicatesIn(lists: readonly List[]): Finding[] {
  const named = lists.flatMap(({ file, members: [first] }) =>
    first ? [{ file, network: first.network }] : [],
  )
  return [...Map.groupBy(named, ({ network }) => network)]
    .filter(([, files]) => files.length > 1)
    .map(([network, files]) => ({
      subject: network,
      cause:
        'the first file is used: what the others say has no effect, and DEL may not fit to an earlier ADD',
      evidence: files.map(({ file }) => ({ where: file, value: `name ${network}` })),
      mend: files.slice(1).map(({ file }) => takeAway(file)),
    }))
}

export const severalLists: Fault = {
  id: 'several-lists',
  title: 'a runtime takes one of several lists',
  severity: 'warning',
  before: true,
  look: (view) =>
    listDirectories(view).flatMap((directory) => {
      const taking = directory.runtimes.filter(({ takes }) => takes === 'first')
      const isShared = directory.runtimes.length > taking.length
      const [first, ...others] = directory.lists.filter(({ members }) => members.length > 0)
      // Where a list of podman or nerdctl is the first, pods get its network.
      const meant = first && isOfTool(first) ? [first, ...others] : others.filter((list) => !isOfTool(list))
      if (taking.length === 0 || isShared || !first || delegates(first) || meant.every(isOfTool)) return []
      const more = meant.filter((list) => list !== first)
      return [notTaken(taking.map(({ name }) => name).join(' and '), first, more)]
    }),
}

/** Multus and its like add networks of other lists themselves. */
const delegating = /multus|genie|danm|cni-installer|cni-dynamic/

const delegates = ({ members }: List) => members.some(({ type }) => delegating.test(type))

/** nerdctl and podman's package keep networks of their own containers beside those of pods. */
const isOfTool = ({ file, members: [first] }: List) =>
  file.includes('/nerdctl-') || first?.network === 'podman'

function notTaken(who: string, first: List, others: readonly List[]): Finding {
  const nameOf = ({ file }: List) => file.slice(file.lastIndexOf('/') + 1)
  const isByNumber = others.some(
    (other) => Number.parseInt(nameOf(other), 10) < Number.parseInt(nameOf(first), 10),
  )
  return {
    subject: first.file,
    cause: `${who} takes the first by name, ${nameOf(first)}; no pod gets a network of the others${isByNumber ? '. Names are compared as texts: 10 is before 9' : ''}`,
    evidence: [first, ...others].map((list) => ({
      where: list.file,
      value: `name ${list.members[0]?.network}${list === first ? ', taken' : ''}`,
    })),
    mend: (isOfTool(first) ? [first] : others).map(({ file }) => takeAway(file)),
  }
}
