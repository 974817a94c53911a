/** Where the members of a test's etcd listen, where their data is, and with which arguments they start. */

import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Place, Planned } from './etcd-member.ts'
import { scratch } from './host.ts'
import { mount, unmount } from './libc.ts'
import { mark } from './private.ts'

let disks = 0

/**
 * A directory for all members. On a private host it is on a ramfs: there syncing costs nothing, and the 64 MB that etcd reserves for each part
 * of its log take no memory, as they would on a tmpfs.
 */
export function newDisk(): string {
  if (!process.env[mark]) return removedAtExit(mkdtempSync(join(tmpdir(), 'patchbay-etcd-')))
  const directory = join(scratch, `etcd${disks++}`)
  mkdirSync(directory)
  mount('ramfs', directory, 'ramfs', 0, 'mode=755')
  return directory
}

function removedAtExit(directory: string): string {
  process.on('exit', () => removeDisk(directory))
  return directory
}

export function removeDisk(directory: string): void {
  if (process.env[mark]) unmount(directory)
  rmSync(directory, { recursive: true, force: true })
}

/** Gives a member a disk of a size. */
export function mountDisk({ directory }: Planned, bytes: number): void {
  mkdirSync(join(directory, 'data'))
  mount('tmpfs', join(directory, 'data'), 'tmpfs', 0, `size=${bytes},mode=700`)
}

/** Fills a member's disk to its last byte. @returns a function that makes room again */
export function fillDisk({ directory }: Planned): () => void {
  const file = join(directory, 'data/filling')
  const fd = openSync(file, 'w')
  try {
    for (;;) writeSync(fd, filling)
  } catch {
    closeSync(fd) // ENOSPC
  }
  return () => rmSync(file)
}

const filling = Buffer.alloc(4096)

/** @param scheme of the clients' endpoints */
export async function plan(
  places: readonly Place[],
  disk: string,
  scheme: 'http' | 'https',
): Promise<Planned[]> {
  const ports = await Promise.all(places.map(portsOf))
  return places.map((place, index) => {
    const [client, peer] = ports[index] ?? []
    const [name, host] = [
      `member${index}`,
      place.address.includes(':') ? `[${place.address}]` : place.address,
    ]
    const directory = join(disk, name)
    mkdirSync(directory)
    return {
      ...place,
      name,
      directory,
      endpoint: `${scheme}://${host}:${client}`,
      peer: `http://${host}:${peer}`,
    }
  })
}

/** etcd's own ports in a namespace, where nothing else listens; free ones here. */
function portsOf({ netns, address }: Place): Promise<number[]> | number[] {
  return netns ? [2379, 2380] : Promise.all([freePort(address), freePort(address)])
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** The members, as etcd's arguments name them. */
export function membership(members: readonly Planned[]): string {
  return members.map(({ name, peer }) => `${name}=${peer}`).join(',')
}

/** The arguments of a member: elections take half a second, not the usual one or two. */
export function argumentsOf(
  { name, directory, endpoint, peer }: Planned,
  members: readonly Planned[],
): string[] {
  return Object.entries({
    name,
    'data-dir': join(directory, 'data'),
    'listen-client-urls': endpoint,
    'advertise-client-urls': endpoint,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': membership(members),
    'heartbeat-interval': 50,
    'election-timeout': 500,
  }).flatMap(([option, value]) => [`--${option}`, `${value}`])
}
