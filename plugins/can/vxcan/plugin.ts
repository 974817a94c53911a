/** vxcan: a CAN cable between a container and the host, another container, or through can-gw a CAN bus of the host. */

import type { Life } from '../../../shared/attachment/device.ts'
import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import { hostSocket, type Sides } from '../../../shared/attachment/sides.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import type { Result } from '../../../shared/cni/result.ts'
import { checkInside } from '../../../shared/link/inside.ts'
import { isUnknownKind, missingKind, requireKind } from '../../../shared/link/kind.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { checkHostEnd, hostEnd } from '../../../shared/pair/host-end.ts'
import { type Wired, wireSteps } from '../../../shared/pair/wire-steps.ts'
import { explainingFrames, refuseMac } from '../can.ts'
import { config, type VxcanConfig } from './config.ts'
import { makeEnds, removeHostEnd } from './host-end.ts'

const kind = 'vxcan'

const wired = wireSteps(kind)

/** The other end: on the host, or in the second container of a wire if that exists. */
interface Other extends Wired {
  end?: Link
}

export const vxcan = interfacePlugin<VxcanConfig, Other>({
  name: 'vxcan',
  summary:
    'connects a container by a CAN cable to the host, to a CAN device of the host, or to another container',
  config,
  device: {
    leaves: [
      ...wired.leaves,
      { remove: (request) => removeHostEnd(hostSocket(), request), collect: hostEnd.collect },
    ],
    vanishes: 'the kernel deletes both ends of a pair together',
    prepare: refuseMac,
    create,
    connect,
    settle: wired.settle,
    check,
    status,
  },
})

function create(life: Life<VxcanConfig>): Other {
  const { wire, mtu } = life.request.config
  try {
    return explainingFrames(mtu, () => (wire ? wired.create(life) : onHost(makeEnds(life))))
  } catch (error) {
    throw isUnknownKind(error) ? missingKind(kind) : error
  }
}

function onHost(end: Link): Other {
  return { end, interfaces: [{ name: end.name, mtu: end.mtu }] }
}

async function connect({ host, request }: Life<VxcanConfig>, { end }: Other): Promise<void> {
  const { config, log } = request
  if (!end || !config.gateway) return
  const { connectGateway } = await import('./gateway.ts')
  const { name, up } = connectGateway(host, config.gateway, end)
  if (!up) log.warn(`gateway.device ${name} is down: no frames pass until it is up`)
}

async function check(sides: Sides, request: Request<VxcanConfig>, prevResult: Result): Promise<void> {
  const { config } = request
  checkInside(sides, request, kind)
  if (config.wire) return wired.check(sides, request)
  const end = checkHostEnd(sides, request, prevResult, kind)
  if (config.gateway) (await import('./gateway.ts')).checkGateway(sides.host, config.gateway, end)
}

async function status({ config: { gateway } }: Request<VxcanConfig>): Promise<void> {
  const host = hostSocket()
  requireKind(host, kind)
  if (gateway) (await import('./gateway.ts')).requireGateway(host, gateway)
}
