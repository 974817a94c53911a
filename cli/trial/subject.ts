/** A throw-away container: a namespace with a name, attached to the network of the trial. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { withUndoNow } from '../../shared/attachment/undo.ts'
import type { Result } from '../../shared/cni/result.ts'
import { type Address, type Family, parseAddress, sameAddress } from '../../shared/ip/address.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'
import { addNamespace, deleteNamespace } from '../../shared/kernel/named-namespace.ts'
import { closeNamespace, type Namespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { listRoutes } from '../../shared/netlink/route.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { type Adding, attach, type Wanted } from '../attach/attach.ts'
import type { Runner } from '../attach/calls.ts'
import { detach } from '../attach/detach.ts'
import type { List } from '../attach/list.ts'
import { pathOfName } from '../attach/netns.ts'
import { readRaw } from '../attach/text.ts'
import { cachedNow } from '../host/caches.ts'
import { cachedChain } from '../host/chain.ts'
import { addressesInside, askInside } from '../host/inside.ts'
import { waitUntilRunning, waitUntilUsable } from './running.ts'

/** The interface in the container. */
export const IFNAME = 'eth0'

export interface Subject {
  name: string
  path: string
  namespace: Namespace
  wanted: Wanted
  /** Undefined before ADD, and after DEL. */
  result?: Result
}

/** Makes a namespace whose loopback is up. @throws KernelError, and there is no namespace */
export function makeSubject(name: string, list: List, capabilities: Record<string, unknown> = {}): Subject {
  const path = pathOfName(name)
  const place = { network: list.network, containerID: name, ifname: IFNAME, netns: path }
  const namespace = withUndoNow((undo) => {
    addNamespace(path)
    undo(() => deleteNamespace(path))
    askInside(path, (socket) => ask(socket, changeLink({ name: 'lo' }, { up: true })))
    return openNamespace(path)
  })
  return { name, path, namespace, wanted: { ...place, list, args: '', capabilities } }
}

/** @throws CniError of ADD, after which nothing is attached */
export async function attachSubject(subject: Subject, adding: Adding): Promise<Result> {
  subject.result = readRaw(await attach(subject.wanted, adding))
  return subject.result
}

/** Waits until packets pass and addresses are usable; the checks say what does not work. */
export function settle(subject: Subject): void {
  waitUntilRunning(() => linkOf(subject))
  waitUntilUsable(() => addressesInside(subject.path))
}

/** DEL; nothing when it is not attached. @throws CniError */
export async function detachSubject({ wanted }: Subject, runner: Runner): Promise<void> {
  const entries = cachedNow(wanted)
  const [own] = entries
  if (own) await detach(wanted, { chain: cachedChain(own), entries }, runner)
}

/** Removes the namespace. */
export function removeSubject({ path, namespace }: Subject): void {
  closeNamespace(namespace)
  deleteNamespace(path)
}

/** The first address of a family, which belongs to a container's interface. */
export function addressOf({ result }: Subject, family: Family): Address | undefined {
  const addresses = (result?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
  return addresses.find((address) => address.family === family)
}

/** A gateway that is meant to answer: of the result, and used by a route, or an address of the host. IPAM names one in any case. */
export function gatewayOf({ path, result }: Subject, family: Family): Address | undefined {
  const named = (result?.ips ?? []).flatMap(({ gateway }) => parseAddress(gateway ?? '') ?? [])
  const used = askInside(path, (socket) => listRoutes(socket, family)).map(({ gateway }) => gateway)
  const all = [...used, ...listAllAddresses(hostSocket()).map(({ address }) => address)]
  return named.find((one) => one.family === family && all.some((other) => other && sameAddress(one, other)))
}

/** The container's interface as the kernel has it; the name may be another than the one asked for. */
export function linkOf({ path, result }: Subject): Link | undefined {
  const own = result?.interfaces.find(({ sandbox }) => sandbox)?.name ?? IFNAME
  return askInside(path, (socket) => findLink(socket, own))
}
