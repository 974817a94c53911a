/**
 * The node of a macvtap or ipvtap, handed over at a path of the configuration. The kernel's own, /dev/tapN, is named by an
 * index that another namespace has, too, and is missing where /dev is no devtmpfs: only the numbers in sysfs are sure.
 */

import { broken, mismatch } from '../attachment/broken.ts'
import type { Connected, Life, Trace } from '../attachment/device.ts'
import type { Wiring } from '../attachment/wiring.ts'
import { isValid } from '../cni/attachments.ts'
import { CniError, Code } from '../cni/error.ts'
import { hashedName } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { draftFile } from '../kernel/draft.ts'
import { tolerate } from '../kernel/errno.ts'
import { makeDirectory, readDirectory, readFileIfAny, remove, removeDirectory } from '../kernel/files.ts'
import type { Settled } from '../kernel/lock.ts'
import type { Namespace } from '../kernel/namespace.ts'
import {
  makeNode,
  type Node,
  type Numbers,
  readNode,
  refusesNodes,
  removeNode,
  sameDevice,
} from '../kernel/node.ts'
import { readSysfs } from '../kernel/sysfs.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { withStateLock } from '../state/lock.ts'
import { type NodeConfig, nodesDirectory } from './keys.ts'

const state = '/run/patchbay'
const records = `${state}/nodes`

/** What DEL and GC must know, also when the namespace is gone. */
interface Record extends Attachment {
  path: string
  numbers: Numbers
}

/** The node of an attachment. */
export const deviceNode: Trace = { remove: takeBack, collect: collectNodes }

/** ADD: makes the node of the container's interface; the result names it. For a device's `connect`. @throws CniError */
export function handOver(life: Life<NodeConfig>): Connected {
  const { request, inside, container, undo } = life
  const { network, containerID, ifname } = request
  const link = findLink(inside, ifname) as Link
  const node = nodeOf(request, numbersOf(container, link))
  const path = pathOf(request)
  undo(() => takeBack(request))
  locked(() => place({ network, containerID, ifname, path, numbers: node.numbers }, node))
  if (refusesNodes(parentOf(path)))
    request.log.warn(`${path} is on a file system mounted nodev: whoever opens it there gets EACCES`)
  return { own: { socketPath: path } }
}

/** Where the kernel tells which device a link has: `cat /sys/class/net/NAME/KIND/tapINDEX/dev`. */
function numbersOf(container: Namespace, { name, kind, index }: Link): Numbers {
  const text = readSysfs(container, `class/net/${name}/${kind}/tap${index}/dev`)
  const [major = 0, minor = 0] = text.split(':').map(Number)
  return { major, minor }
}

function nodeOf({ config: { owner = 0, group = 0, nodeMode } }: Request<NodeConfig>, numbers: Numbers): Node {
  return { numbers, owner, group, mode: Number.parseInt(nodeMode, 8) }
}

function pathOf({ config, network, containerID, ifname }: Request<NodeConfig>): string {
  const names: { [placeholder: string]: string } = { network, containerID, ifname }
  return config.node.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '')
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Two devices never have the same numbers, so older nodes with them lead to none any more: they must not lead to this one. */
function place(record: Record, node: Node): void {
  const { path, numbers } = record
  const isStale = (other: Record) => fileOf(other) === fileOf(record) || sameDevice(other.numbers, numbers)
  for (const stale of readRecords().filter(isStale)) forget(stale)
  makeDirectory(records, 0o700)
  makeDirectory(parentOf(path), 0o711)
  remember(record)
  if (!makeNode(path, node)) throw taken(record)
}

/** Whoever is killed while writing leaves nothing. */
function remember(record: Record): void {
  remove(fileOf(record))
  const draft = draftFile(records, JSON.stringify(record))
  draft.publish(fileOf(record))
  draft.close()
}

function taken(record: Record): CniError {
  const { path } = record
  const owner = readRecords().find((other) => other.path === path && fileOf(other) !== fileOf(record))
  const whose = owner ? `the node of container ${owner.containerID}` : 'a file of somebody else'
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `node: ${path} is there already: ${whose}`,
    hint: 'give each container a path of its own, with {containerID} and {ifname} in it, or remove the file',
    see: `ls -l ${path}`,
    errno: 'EEXIST',
  })
}

/** Removes the node of an attachment; one that is gone is done. For DEL and the way back of ADD. */
function takeBack(attachment: Attachment): void {
  locked(() => {
    const record = readRecord(fileOf(attachment))
    if (record) forget(record)
  })
}

/** The same for attachments of a network that are not valid any more. For GC. */
function collectNodes({ network, validAttachments }: Request): void {
  locked(() => {
    const isStale = (record: Record) => record.network === network && !isValid(validAttachments, record)
    for (const record of readRecords().filter(isStale)) forget(record)
  })
}

function forget(record: Record): void {
  removeNode(record.path, record.numbers)
  removeDirectories(record)
  remove(fileOf(record))
}

/** What is ours goes when it is empty: a directory with the container's name, and the one that nodes are in by default. */
function removeDirectories({ path, containerID }: Record): void {
  const directory = parentOf(path)
  const isOurs = directory.split('/').includes(containerID)
  if (isOurs && tolerate(() => removeDirectory(directory), 'EBUSY') && parentOf(directory) === nodesDirectory)
    tolerate(() => removeDirectory(nodesDirectory), 'EBUSY')
}

/** CHECK: the node is there, leads to the container's interface, and belongs to whom it should. @throws CniError */
export function checkNode({ container, inside }: Wiring, request: Request<NodeConfig>): void {
  const path = pathOf(request)
  const link = findLink(inside, request.ifname) as Link
  const { numbers, ...wanted } = nodeOf(request, numbersOf(container, link))
  const found = readNode(path)
  const show = `ls -l ${path}`
  if (!found) throw broken(`the node ${path} is gone`, { see: show })
  if (!sameDevice(found.numbers, numbers))
    throw broken(`${path} leads to another device than ${link.name}`, { see: show })
  for (const key of Object.keys(wanted) as (keyof typeof wanted)[])
    if (found[key] !== wanted[key])
      throw broken(mismatch(path, key, octal(key, found[key]), octal(key, wanted[key])), { see: show })
}

function octal(key: string, value: number): string {
  return key === 'mode' ? value.toString(8).padStart(4, '0') : String(value)
}

function locked<T>(action: () => Settled<T>): T {
  makeDirectory(state)
  return withStateLock('nodes', action)
}

function fileOf({ network, containerID, ifname }: Attachment): string {
  return `${records}/${hashedName('', `${network}/${containerID}/${ifname}`)}`
}

function readRecords(): Record[] {
  const entries = tolerate(() => readDirectory(records), 'ENOENT') ?? []
  return entries.flatMap(({ name }) => readRecord(`${records}/${name}`) ?? [])
}

/** One that is damaged says nothing. */
function readRecord(file: string): Record | undefined {
  try {
    return JSON.parse(readFileIfAny(file) ?? '')
  } catch {
    return undefined
  }
}
