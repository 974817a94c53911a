/**
 * The device node of a macvtap or ipvtap, made at the path that the configuration names. The kernel's own node /dev/tapN has
 * an interface index in its name, which another namespace may have too, and exists only in a devtmpfs. The numbers in sysfs are reliable.
 */

import { broken, mismatch } from '../attachment/broken.ts'
import type { Connected, Life, Trace } from '../attachment/device.ts'
import { findMade } from '../attachment/made.ts'
import { openSidesIfAny, type Sides } from '../attachment/sides.ts'
import type { Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { tolerate } from '../kernel/errno.ts'
import { makeDirectory, removeDirectory } from '../kernel/files.ts'
import type { Namespace } from '../kernel/namespace.ts'
import {
  isNodev,
  makeNode,
  type Node,
  type Numbers,
  ownNode,
  readNode,
  removeNode,
  sameDevice,
} from '../kernel/node.ts'
import { readSysfs } from '../kernel/sysfs.ts'
import { kindFacts } from '../netlink/kinds.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { amongValid } from '../state/valid.ts'
import { type NodeConfig, nodesDirectory } from './keys.ts'
import {
  allPlaced,
  hasTrace,
  holderOfPath,
  ownerOf,
  type Placed,
  readPlaced,
  recordPlaced,
  removePointer,
  removeRecord,
  wasDamaged,
  withNodes,
} from './record.ts'

/** The node of an attachment. */
export const deviceNode: Trace<NodeConfig> = { remove: takeBack, collect: collectNodes }

/** ADD: makes the node of the container's interface; the result has its path. For a device's `connect`. @throws CniError */
export function handOver(life: Life<NodeConfig>): Connected {
  const { request, inside, container, undo } = life
  const { network, containerID, ifname, netns } = request
  const link = findMade(inside, ifname)
  const node = nodeOf(request, numbersOf(container, link))
  const path = pathOf(request)
  undo(() => takeBack(request))
  withNodes(() => place({ network, containerID, ifname, netns, path, numbers: node.numbers }, node))
  if (isNodev(parentOf(path)))
    request.log.warn(`${path} is on a file system mounted nodev: a program that opens it there gets EACCES`)
  return { own: { socketPath: path } }
}

/** The same for a device whose kernel's node, /dev/tapN, a device plugin gives to the container, too: it gets the same owner. */
export function handOverBoth(life: Life<NodeConfig>): Connected {
  const { request, inside, container } = life
  const link = findMade(inside, request.ifname)
  ownNode(`/dev/tap${link.index}`, nodeOf(request, numbersOf(container, link)))
  return handOver(life)
}

/** The numbers of the device that belongs to a link: `cat /sys/class/net/NAME/KIND/tapINDEX/dev`. */
function numbersOf(container: Namespace, { name, kind, index }: Link): Numbers {
  const text = readSysfs(container, `class/net/${name}/${kind}/tap${index}/dev`)
  const [major = 0, minor = 0] = text.split(':').map(Number)
  return { major, minor }
}

function nodeOf({ config: { owner = 0, group = 0, nodeMode } }: Request<NodeConfig>, numbers: Numbers): Node {
  return { numbers, owner, group, mode: Number.parseInt(nodeMode, 8) }
}

function pathOf({ config, network, containerID, ifname }: Request<NodeConfig>): string {
  const names: Record<string, string> = { network, containerID, ifname }
  return config.node.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '')
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Makes the node, after removing a former one with the same numbers: another container must not reach this device by it. */
function place(placed: Placed, node: Node): void {
  const { path, numbers } = placed
  for (const former of [readPlaced(placed), ownerOf(numbers)]) if (former) forget(former)
  makeDirectory(parentOf(path), 0o711)
  recordPlaced(placed)
  if (!makeNode(path, node)) throw taken(placed)
}

function taken(placed: Placed): CniError {
  const { path } = placed
  const owner = holderOfPath(path, placed)
  const whose = owner ? `the node of container ${owner.containerID}` : 'a file of another program'
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `node: ${path} is there already: ${whose}`,
    hint: 'give each container a path of its own, with {containerID} and {ifname} in it, or remove the file',
    see: `ls -l ${path}`,
    errno: 'EEXIST',
  })
}

/** Removes the node of an attachment; a missing one counts as done. For DEL and for undo in ADD. */
function takeBack(request: Request<NodeConfig>): void {
  if (nodesOf(request).length === 0 && !hasTrace(request)) return
  withNodes(() => {
    nodesOf(request).forEach(forget)
    removeRecord(request)
  })
}

/** The node of the record, and the one at the configured path if that is another. */
function nodesOf(request: Request<NodeConfig>): Placed[] {
  const recorded = readPlaced(request)
  const configured = recorded?.path === pathOf(request) ? undefined : withoutRecord(request)
  return [recorded, configured].filter((placed) => placed !== undefined)
}

/** The node at the configured path, if it leads to the container's interface, or if no other container can have this path. */
function withoutRecord(request: Request<NodeConfig>): Placed | undefined {
  const { network, containerID, ifname, config } = request
  const path = pathOf(request)
  const numbers = readNode(path)?.numbers
  if (!numbers) return undefined
  const isOnlyOurs = wasDamaged(request) && config.node.includes('{containerID}')
  const isOurs = isOnlyOurs || sameDevice(numbers, numbersInside(request))
  return isOurs ? { network, containerID, ifname, path, numbers } : undefined
}

/** The device numbers of the container's interface, if its namespace exists. */
function numbersInside(request: Request): Numbers | undefined {
  const sides = openSidesIfAny(request)
  const link = sides && findLink(sides.inside, request.ifname)
  return link && kindFacts(link.kind).hasNode ? numbersOf(sides.container, link) : undefined
}

/** The same for attachments of a network that are not valid any more. For GC. */
function collectNodes({ network, validAttachments }: Request): void {
  const isValid = amongValid(validAttachments)
  const isStale = (placed: Placed) => placed.network === network && !isValid(placed)
  if (!allPlaced().some(isStale)) return
  withNodes(() => {
    for (const placed of allPlaced().filter(isStale)) forget(placed)
  })
}

function forget(placed: Placed): void {
  removeNode(placed.path, placed.numbers)
  removeDirectories(placed)
  removePointer(placed)
  removeRecord(placed)
}

/** Removes directories that ADD made, if they are empty: the one named after the container, and the default one above it. */
function removeDirectories({ path, containerID }: Placed): void {
  const directory = parentOf(path)
  const isOurs = directory.split('/').includes(containerID)
  if (isOurs && tolerate(() => removeDirectory(directory), 'EBUSY') && parentOf(directory) === nodesDirectory)
    tolerate(() => removeDirectory(nodesDirectory), 'EBUSY')
}

/** CHECK: the node exists, leads to the container's interface, and has its owner, group and mode. @throws CniError */
export function checkNode({ container, inside }: Sides, request: Request<NodeConfig>): void {
  const path = pathOf(request)
  const link = findMade(inside, request.ifname)
  const { numbers, ...wanted } = nodeOf(request, numbersOf(container, link))
  const found = readNode(path)
  const show = `ls -l ${path}`
  if (!found) throw broken(`the node ${path} is gone`, { see: show })
  if (!sameDevice(found.numbers, numbers))
    throw broken(`${path} leads to another device than ${link.name}`, { see: show })
  for (const key of Object.keys(wanted) as (keyof typeof wanted)[])
    if (found[key] !== wanted[key])
      throw broken(mismatch(path, key, octal(key, found[key]), octal(key, wanted[key])), {
        hint: `repair it: ${commandFor(key, octal(key, wanted[key]))} ${path}`,
        see: show,
      })
}

/** The command that sets one property of a file, without the file's name. */
function commandFor(key: 'owner' | 'group' | 'mode', value: string): string {
  return { owner: `chown ${value}`, group: `chgrp ${value}`, mode: `chmod ${value}` }[key]
}

function octal(key: string, value: number): string {
  return key === 'mode' ? value.toString(8).padStart(4, '0') : String(value)
}
