/** The model's disk: names, files, directories and symlinks, and which data would survive a power loss. */

/** A file, directory or symlink. It is replaced, never changed, so that copies of a disk can share it. */
export interface Inode {
  kind: 'file' | 'directory' | 'link'
  /** A file's bytes (latin1), or a symlink's target. */
  text: string
  /** Whether the bytes survive a power loss. */
  isSynced: boolean
  /** Nanoseconds since the epoch. */
  mtime: bigint
  ctime: bigint
}

export interface Disk {
  /** The inode's number by the absolute path. */
  names: Map<string, number>
  inodes: Map<number, Inode>
  next: number
  /** The kernel's time in ticks; it changes only by an event of the walk. */
  tick: number
  boot: number
  /** The changes of names that a power loss may take back, the oldest first. Undefined: none ever is. */
  unsynced: readonly Change[] | undefined
}

/** One change of names: in which directory, and all names before it. */
export interface Change {
  directory: string
  before: ReadonlyMap<string, number>
}

/** When the model begins, nanoseconds since the epoch, and the length of a tick (4 ms, 250 Hz). */
const BEGIN = 1_700_000_000_000_000_000n
const TICK = 4_000_000n

/** The time that files get: the kernel's at its last tick. */
export function coarseTime({ tick }: Disk): bigint {
  return BEGIN + BigInt(tick) * TICK
}

/** The time that a program reads: between two ticks. */
export function fineTime(disk: Disk): bigint {
  return coarseTime(disk) + TICK / 2n
}

/** A disk with these directories. @param losesNames whether a power loss may take back changes of names */
export function newDisk(directories: readonly string[], losesNames = false): Disk {
  const names = new Map<string, number>()
  const disk: Disk = { names, inodes: new Map(), next: 1, tick: 0, boot: 1, unsynced: undefined }
  for (const path of ['', ...directories]) addName(disk, path, makeInode(disk, 'directory'))
  return losesNames ? { ...disk, unsynced: [] } : disk
}

/** A copy that can be changed. */
export function copyDisk(disk: Disk): Disk {
  return { ...disk, names: new Map(disk.names), inodes: new Map(disk.inodes) }
}

/** A new inode without a name. */
export function makeInode(disk: Disk, kind: Inode['kind'], text = ''): number {
  const time = coarseTime(disk)
  disk.inodes.set(disk.next, { kind, text, isSynced: kind !== 'file', mtime: time, ctime: time })
  return disk.next++
}

export function change(disk: Disk, number: number, changes: Partial<Inode>): void {
  disk.inodes.set(number, { ...inodeOf(disk, number), ...changes })
}

/** Changes a file's bytes. */
export function write(disk: Disk, number: number, text: string): void {
  const time = coarseTime(disk)
  change(disk, number, { text, isSynced: false, mtime: time, ctime: time })
}

export function inodeOf({ inodes }: Disk, number: number): Inode {
  const inode = inodes.get(number)
  if (!inode) throw new Error(`no inode ${number}`)
  return inode
}

/** What has a path; undefined when nothing has. */
export function at(disk: Disk, path: string): Inode | undefined {
  const number = disk.names.get(path)
  return number === undefined ? undefined : inodeOf(disk, number)
}

/** The path of a file's directory. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

/** The names in a directory, sorted. */
export function namesIn({ names }: Disk, directory: string): string[] {
  const paths = [...names.keys()].filter((path) => path !== '' && parentOf(path) === directory)
  return paths.map((path) => path.slice(directory.length + 1)).sort()
}

/** Gives an inode a name. The name's directory exists. */
export function addName(disk: Disk, path: string, number: number): void {
  remember(disk, path)
  disk.names.set(path, number)
  const time = coarseTime(disk)
  change(disk, number, { ctime: time })
  touchParent(disk, path)
}

/** Gives the inode of a name another name in the same directory, in one change. */
export function moveName(disk: Disk, from: string, to: string): void {
  const number = disk.names.get(from) as number
  addName(disk, to, number)
  disk.names.delete(from)
}

/** Removes a name, if it exists. */
export function removeName(disk: Disk, path: string): void {
  remember(disk, path)
  disk.names.delete(path)
  touchParent(disk, path)
}

/** Call it before a name is changed. */
function remember(disk: Disk, path: string): void {
  if (disk.unsynced)
    disk.unsynced = [...disk.unsynced, { directory: parentOf(path), before: new Map(disk.names) }]
}

/** fsync(2) of a directory: its changes stay, and with them all earlier ones, since file systems keep the order. */
export function syncNames(disk: Disk, directory: string): void {
  const last = disk.unsynced?.findLastIndex((change) => change.directory === directory) ?? -1
  disk.unsynced = disk.unsynced?.slice(last + 1)
}

/** A power loss takes back the last changes of names, and what is left stays. */
export function takeBack(disk: Disk, count: number): void {
  const first = count > 0 ? disk.unsynced?.at(-count) : undefined
  if (first) disk.names = new Map(first.before)
  disk.unsynced &&= []
}

function touchParent(disk: Disk, path: string): void {
  const parent = path === '' ? undefined : disk.names.get(parentOf(path))
  const time = coarseTime(disk)
  if (parent !== undefined) change(disk, parent, { mtime: time, ctime: time })
}

/** Forgets inodes that have no name and are not open. */
export function collect(disk: Disk, open: readonly number[]): void {
  const before = disk.unsynced?.flatMap((change) => [...change.before.values()]) ?? []
  const used = new Set([...disk.names.values(), ...before, ...open])
  for (const number of disk.inodes.keys()) if (!used.has(number)) disk.inodes.delete(number)
}

const numbers = new Map<string, number>()

/** A number for each text. */
function numberOf(text: string): number {
  const number = numbers.get(text) ?? numbers.size
  numbers.set(text, number)
  return number
}

const identities = new WeakMap<Disk, number>()

/** A number that is the same for disks that no program can tell apart. The disk must not change afterwards. */
export function identityOf(disk: Disk): number {
  const known = identities.get(disk)
  if (known !== undefined) return known
  const changes = disk.unsynced?.map(
    ({ directory, before }) => `${directory} ${identityOfNames(disk, before)}`,
  )
  const now = identityOfNames(disk, disk.names)
  const identity = numberOf(`${disk.boot} ${disk.tick} ${now} ${changes}`)
  identities.set(disk, identity)
  return identity
}

function identityOfNames(disk: Disk, names: ReadonlyMap<string, number>): number {
  const files: number[] = []
  for (const [path, number] of names) files.push(identityOfFile(path, inodeOf(disk, number)))
  return numberOf(String(files.sort((one, other) => one - other)))
}

const files = new WeakMap<Inode, { path: string; identity: number }>()

function identityOfFile(path: string, inode: Inode): number {
  const known = files.get(inode)
  if (known?.path === path) return known.identity
  const identity = numberOf(`${path} ${formatInode(inode)}`)
  files.set(inode, { path, identity })
  return identity
}

export function formatInode({ kind, text, isSynced, mtime, ctime }: Inode): string {
  return `${kind} ${mtime} ${ctime} ${isSynced} ${JSON.stringify(text)}`
}

const bootFile = '/proc/sys/kernel/random/boot_id'

/** Begins a boot with another ID. */
export function setBoot(disk: Disk, boot: number): void {
  disk.boot = boot
  const text = `00000000-0000-4000-8000-${String(boot).padStart(12, '0')}\n`
  disk.names.set(bootFile, makeInode(disk, 'file', text))
}
