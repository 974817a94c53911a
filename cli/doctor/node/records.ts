/** Files of state that are damaged, or of another time. */

import { oncePer } from '../../../shared/config/once.ts'
import { wallClock } from '../../../shared/kernel/clock.ts'
import { readDirectoryIfAny, readFile } from '../../../shared/kernel/files.ts'
import { lstat } from '../../../shared/kernel/stat.ts'
import { stateDirectory } from '../../../shared/kernel/state-directory.ts'
import { isoTime } from '../../form/age.ts'
import { word } from '../../form/shell.ts'
import { podmanNetworks } from '../../host/configurations.ts'
import { fileSystemOf } from '../../host/file-system.ts'
import { type Store, storesIn } from '../../host/stores.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { damagedOf, hostOf, knownOf } from '../frame/host.ts'
import { settled } from '../frame/settled.ts'
import { takeAway } from './lists.ts'

/** The addresses of all networks. @throws KernelError */
export const storesOf: (view: View) => Store[] = oncePer((view: View) => storesIn(knownOf(view).dataDirs))

export const damagedRecord: Fault = {
  id: 'damaged-record',
  title: 'a damaged record was set aside',
  severity: 'warning',
  look(view) {
    // Its reader sets a damaged record aside.
    hostOf(view)
    return filesBelow(stateDirectory)
      .filter((path) => path.endsWith('.damaged'))
      .map((path) => ({
        subject: path,
        cause: 'what it recorded is unknown: DEL and gc find only what the kernel tells of that attachment',
        evidence: [{ where: path, value: 'is not the JSON of a record' }],
        mend: [`rm ${word(path)}`],
      }))
  },
}

function filesBelow(directory: string): string[] {
  return readDirectoryIfAny(directory).flatMap(({ name, directory: isDirectory }) => {
    const path = `${directory}/${name}`
    return isDirectory ? filesBelow(path) : [path]
  })
}

export const damagedEntry: Fault = {
  id: 'damaged-cache-entry',
  title: 'a file of a runtime is damaged',
  severity: 'warning',
  look: (view) =>
    damagedOf(view)
      .filter(({ file }) => file.startsWith('/var/lib/cni/') || file.startsWith(`${podmanNetworks}/`))
      .map(({ file, why }) => {
        const isNetwork = file.startsWith(`${podmanNetworks}/`)
        return {
          subject: file,
          cause: isNetwork
            ? 'podman does not know the network any more'
            : 'the runtime cannot delete this attachment with its result, and some fail at it: as after a power loss',
          evidence: [{ where: file, value: why }],
          mend: [isNetwork ? takeAway(file) : `rm ${word(file)}`],
        }
      }),
}

/** The reference makes a record empty, and fills it then. */
export const namelessAddress: Fault = settled({
  id: 'nameless-address',
  title: 'a reserved address names no container',
  severity: 'leak',
  look: (view) =>
    storesOf(view)
      .filter(({ nameless }) => nameless.length > 0)
      .map(({ network, nameless }) => ({
        subject: network,
        cause: 'a crash left the file empty, and no DEL releases the address',
        evidence: nameless.slice(0, 3).map((where) => ({ where, value: 'no container ID' })),
        mend: inParts(nameless).map((files) => `rm ${files.map(word).join(' ')}`),
      })),
})

/** So many names are in one command. */
const mostNames = 40

/** Names for several commands. */
export function inParts(names: readonly string[]): string[][] {
  const count = Math.ceil(names.length / mostNames)
  return [...Array(count).keys()].map((at) => names.slice(at * mostNames, (at + 1) * mostNames))
}

/** A clock that is set by a server may differ so much, nanoseconds. */
const tolerance = 60n * 1_000_000_000n

export const filesOfFuture: Fault = {
  id: 'files-of-the-future',
  title: 'files of state are from the future',
  severity: 'warning',
  look(view) {
    const now = wallClock()
    return directoriesOf(view).flatMap((directory): Finding[] => {
      const late = filesIn(directory).filter((path) => (lstat(path)?.mtime ?? 0n) > now + tolerance)
      if (late.length === 0) return []
      return [
        {
          subject: directory,
          cause:
            'the clock was set back, or is wrong now: which container came first is not known, and gc may keep what has ended',
          evidence: late
            .slice(0, 3)
            .map((path) => ({ where: `stat -c %y ${word(path)}`, value: timeOf(path) })),
          mend: [`find ${word(directory)} -newermt now -exec touch -h {} +`],
        },
      ]
    })
  },
}

/** The directories whose files have a time that counts. */
function directoriesOf(view: View): string[] {
  return ['/var/lib/cni/results', stateDirectory, ...storesOf(view).map(({ directory }) => directory)]
}

const filesIn = (directory: string) =>
  directory === stateDirectory ? filesBelow(directory) : namesIn(directory)

const namesIn = (directory: string) => readDirectoryIfAny(directory).map(({ name }) => `${directory}/${name}`)

const timeOf = (path: string) => isoTime(lstat(path)?.mtime ?? 0n)

/** File systems that a reboot empties: tmpfs and ramfs, include/uapi/linux/magic.h. */
const volatile = [0x01021994, 0x858458f6]

export const recordsOfFormerBoot: Fault = {
  id: 'records-of-former-boot',
  title: 'records have outlived a reboot',
  severity: 'warning',
  look() {
    if (!lstat(stateDirectory) || volatile.includes(fileSystemOf(stateDirectory).type)) return []
    const boot = bootTime()
    const old = filesBelow(stateDirectory).filter(
      (path) => !path.endsWith('.lock') && (lstat(path)?.mtime ?? boot) < boot,
    )
    if (old.length === 0) return []
    return [
      {
        subject: stateDirectory,
        cause:
          'it is on a disk, and describes links and namespaces that have ended with the boot before: it belongs on a tmpfs, as /run is',
        evidence: [
          { where: `findmnt -T ${stateDirectory}`, value: 'no tmpfs' },
          ...old.slice(0, 3).map((path) => ({ where: `stat -c %y ${word(path)}`, value: timeOf(path) })),
        ],
        mend: inParts(old).map((files) => `rm -f ${files.map(word).join(' ')}`),
      },
    ]
  },
}

/** When this boot began, nanoseconds since the epoch (proc_stat(5), btime). A second is the unit there: what is as old is taken for later. */
export function bootTime(): bigint {
  const [, seconds = '0'] = /^btime (\d+)$/m.exec(readFile('/proc/stat')) ?? []
  return (BigInt(seconds) - 1n) * 1_000_000_000n
}
