/** Directories of state: each ADD writes there. */

import { stat } from '../../../shared/kernel/stat.ts'
import { stateDirectory } from '../../../shared/kernel/state-directory.ts'
import { word } from '../../form/shell.ts'
import { type FileSystem, fileSystemOf } from '../../host/file-system.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { knownOf } from '../frame/host.ts'

/** A directory of state that is there, or its nearest parent that is. */
interface Place {
  directory: string
  system: FileSystem
}

function placesOf(view: View): Place[] {
  const wanted = [stateDirectory, '/var/lib/cni', ...knownOf(view).dataDirs]
  const there = new Set(wanted.map(existing))
  return [...there].map((directory) => ({ directory, system: fileSystemOf(directory) }))
}

/** The path, or its nearest parent that is there. */
export function existing(path: string): string {
  return path === '' ? '/' : stat(path) ? path : existing(path.slice(0, path.lastIndexOf('/')))
}

const ST_RDONLY = 1

export const stateReadOnly: Fault = {
  id: 'state-read-only',
  title: 'a directory of state is read-only',
  severity: 'error',
  before: true,
  look: (view) =>
    oncePerMount(placesOf(view).filter(({ system }) => (system.flags & ST_RDONLY) !== 0)).map(
      ({ directory, system: { mount } }) => ({
        subject: directory,
        cause: 'each ADD and DEL that has to keep something fails with EROFS',
        evidence: [{ where: `findmnt -T ${word(directory)}`, value: `${mount} is mounted ro` }],
        mend: [`mount -o remount,rw ${word(mount)}`],
      }),
    ),
}

/** Less is full: a call writes several files of a few kilobytes, bytes. */
const least = 256n * 1024n

/** Fewer inodes are none: a call makes several files. */
const fewest = 16n

export const stateFull: Fault = {
  id: 'state-full',
  title: 'a directory of state is full',
  severity: 'error',
  before: true,
  look: (view) =>
    oncePerMount(placesOf(view)).flatMap(({ directory, system }): Finding[] => {
      const { size, free, files, freeFiles, mount } = system
      const noRoom = size > 0n && free < least
      const noFiles = files > 0n && freeFiles < fewest
      if (!noRoom && !noFiles) return []
      return [
        {
          subject: directory,
          cause: `the next ADD fails with ENOSPC: ${noRoom ? 'no space' : 'no inode'} is left`,
          evidence: [
            ...(noRoom ? [{ where: `df ${word(directory)}`, value: `${free} of ${size} bytes free` }] : []),
            ...(noFiles
              ? [{ where: `df -i ${word(directory)}`, value: `${freeFiles} of ${files} inodes free` }]
              : []),
          ],
          mend: room(mount, system, noRoom, noFiles),
        },
      ]
    }),
}

const TMPFS_MAGIC = 0x01021994

/** A tmpfs is made larger; on a disk only its owner knows what may go. */
function room(mount: string, { type, size, files }: FileSystem, noRoom: boolean, noFiles: boolean): string[] {
  if (type !== TMPFS_MAGIC)
    return [
      `du -xh --inodes ${word(mount)} | sort -h | tail -n 20`,
      `du -xh ${word(mount)} | sort -h | tail -n 20`,
    ]
  const options = [noRoom && `size=${size * 2n + least}`, noFiles && `nr_inodes=${files * 2n}`].filter(
    Boolean,
  )
  return [`mount -o remount,${options.join(',')} ${word(mount)}`]
}

function oncePerMount(places: readonly Place[]): Place[] {
  return [
    ...new Map(places.map((place) => [place.system.mount, place]).reverse() as [string, Place][]).values(),
  ].reverse()
}
