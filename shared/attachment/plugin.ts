/** Makes a plugin from a device: the verbs are the same for every kind. */

import type { Plugin, Request } from '../cni/plugin.ts'
import { emptyResult } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import { runAll } from '../error/steps.ts'
import { type Ipam, ipamOf } from '../ipam/ipam.ts'
import { tolerate } from '../kernel/errno.ts'
import { removeIfThere } from '../netlink/link.ts'
import { asNamed, forgetGivenName } from '../state/given-names.ts'
import { withoutHeldLocksFirst } from '../state/lock.ts'
import { forgetStaleNames } from '../state/valid.ts'
import { add } from './add.ts'
import { checkContainer } from './check.ts'
import { type Device, givesInterface, type InterfaceConfig, type Made } from './device.ts'
import { requireIPv6 } from './ipv6.ts'
import { requirePrivileges } from './privileges.ts'
import { openSides, openSidesIfAny } from './sides.ts'
import { withUndo } from './undo.ts'

/** A plugin's description and its device; a function if the device depends on the configuration. */
interface Description<Config extends InterfaceConfig, Own extends Made>
  extends Pick<Plugin<Config>, 'name' | 'summary' | 'config' | 'segment' | 'reconcile'> {
  device: Device<Config, Own> | ((config: Config) => Device<Config>)
}

/** Makes a plugin from a device. */
export function interfacePlugin<Config extends InterfaceConfig, Own extends Made = Made>(
  description: Description<Config, Own>,
): Plugin<Config> {
  const { device, ...own } = description
  const deviceOf = ({ config }: Request<Config>): Device<Config> =>
    typeof device === 'function' ? device(config) : device
  // A plugin that makes no interface has no use for MAC, and accepts any CNI_ARGS.
  const makesNone = typeof device !== 'function' && device.gives === 'nothing'
  return {
    ...own,
    args: makesNone ? undefined : ['MAC'],
    add: (request) => explaining(deviceOf(request), request),
    del: (request) => withoutHeldLocksFirst(() => del(deviceOf(request), asNamed(request))),
    check: (request) => check(deviceOf(request), request),
    async status(request) {
      const device = deviceOf(request)
      requirePrivileges(device.gives)
      requireIPv6(request.config.ipam)
      await device.status?.(request)
      await ipamFor(device, request)?.status()
    },
    gc(request) {
      const device = deviceOf(request)
      const traces = device.leaves ?? []
      const steps = traces.map((trace) => () => trace.collect?.(request))
      const ipam = () => ipamFor(device, request)?.gc()
      return withoutHeldLocksFirst(() => runAll([...steps, ipam, () => forgetStaleNames(request)]))
    },
  }
}

async function explaining<Config extends InterfaceConfig>(device: Device<Config>, request: Request<Config>) {
  try {
    return await withUndo((undo) => add(device, request, undo, ipamFor(device, request)))
  } catch (error) {
    throw device.explain ? await device.explain(error, request) : error
  }
}

function ipamFor<Config extends InterfaceConfig>(
  { gives }: Device<Config>,
  request: Request<Config>,
): Ipam | undefined {
  return gives === 'nothing' ? undefined : ipamOf(request)
}

/** DEL: what ADD made, then the note of its name, by which a DEL after a failure finds the rest. */
async function del<Config extends InterfaceConfig>(device: Device<Config>, request: Request<Config>) {
  const { givenName } = request
  await removeAll(device, request)
  if (givenName !== undefined) forgetGivenName({ ...request, givenName })
}

/** Traces, interface, addresses; an IPAM plugin that uses the interface is first. What is gone counts as done. */
async function removeAll<Config extends InterfaceConfig>(device: Device<Config>, request: Request<Config>) {
  const { gives = 'interface', leaves = [] } = device
  const traces = leaves.map((trace) => () => trace.remove(request))
  const ipam = ipamFor(device, request)
  const release = async () => ipam?.del()
  if (givesInterface(gives) && (await usesLink(ipam)))
    return runAll([release, ...traces, () => gives === 'interface' && deleteInside(request)])
  if (gives === 'lent') return inTurn(() => runAll(traces), release)
  return runAll([...traces, () => inTurn(() => gives === 'interface' && deleteInside(request), release)])
}

/** Of a plugin that cannot be found its DEL tells. */
async function usesLink(ipam: Ipam | undefined): Promise<boolean> {
  try {
    return (await ipam?.usesLink()) ?? false
  } catch {
    return false
  }
}

/** As long as the container may have the interface, its addresses stay reserved. */
async function inTurn(remove: () => unknown, release: () => unknown): Promise<void> {
  await remove()
  await release()
}

function deleteInside(request: Request): void {
  const sides = openSidesIfAny(request)
  // EOPNOTSUPP: lo.
  if (sides) tolerate(() => removeIfThere(sides.inside, { name: request.ifname }), 'EOPNOTSUPP')
}

async function check<Config extends InterfaceConfig>(device: Device<Config>, request: Request<Config>) {
  const { gives, check } = device
  const { prevResult } = request
  if (gives !== 'nothing' && !prevResult)
    throw new CniError(Code.InvalidNetworkConfig, {
      // The reference's words.
      msg: 'Required prevResult missing',
      hint: 'CHECK needs the result that ADD gave for this container',
    })
  const ipam = ipamFor(device, request)
  const given = prevResult ?? emptyResult()
  const result = (await ipam?.current(given)) ?? given
  const sides = openSides(request)
  if (givesInterface(gives)) checkContainer(sides, request, result, device)
  await check?.(sides, request, result)
  await ipam?.check()
}
