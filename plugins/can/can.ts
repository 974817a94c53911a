/** What CAN interfaces have in common: the MTU says which frames they carry, and there are no addresses. */

import type { InterfaceConfig } from '../../shared/attachment/device.ts'
import { type MacConfig, requestedMac } from '../../shared/attachment/mac.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { describe, integer, withDefault } from '../../shared/config/schema.ts'
import { CniError, Code, type Complaint, factsOf } from '../../shared/error/error.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { changeLink } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'

/** Sizes of frames in bytes, include/uapi/linux/can.h: CAN_MTU, CANFD_MTU, CANXL_MIN_MTU and CANXL_MAX_MTU. */
export const Frame = { CLASSIC: 16, FD: 72, XL_MIN: 76, XL_MAX: 2060 } as const

/**
 * The default is the same on every kernel: Linux 7.2 makes devices for CAN XL, on which older programs refuse to send CAN FD frames.
 * @param whose the devices that get it
 */
export function canMtuOf(whose: string) {
  return describe(
    withDefault(integer({ min: 0, max: Frame.XL_MAX }), Frame.FD),
    `MTU of ${whose}: which frames it carries. 16: classic CAN; 72: CAN FD too; 76 to 2060: CAN XL too. 0: the kernel's default, which is 72 or, on newer kernels, 2060.`,
  )
}

export interface CanConfig extends InterfaceConfig {
  mtu: number
}

/** The rules for every CAN interface. */
export const canRules = [possibleFrames, noIpam]

function possibleFrames({ mtu }: Pick<CanConfig, 'mtu'>): Complaint | undefined {
  if (mtu === 0 || mtu === Frame.CLASSIC || mtu === Frame.FD || mtu >= Frame.XL_MIN) return undefined
  return {
    msg: `mtu: must be 16 (classic CAN), 72 (CAN FD), or from 76 to 2060 (CAN XL), found ${mtu}`,
    hint: 'it is the size of the longest frame, header included; 0 is the kernel’s default',
  }
}

function noIpam({ ipam }: Pick<InterfaceConfig, 'ipam'>): Complaint | undefined {
  if (!ipam?.type) return undefined
  return { msg: 'ipam is set: a CAN interface has no IP addresses', hint: 'remove ipam' }
}

/** For `prepare`. @throws CniError when the runtime requests a MAC address */
export function refuseMac(request: Request<MacConfig>): void {
  const mac = requestedMac(request)
  if (!mac) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `MAC address ${mac} is requested, but a CAN interface has none: request none`,
    hint: 'remove it from runtimeConfig.mac, args.cni.mac or CNI_ARGS',
  })
}

/**
 * `ip link set dev NAME mtu MTU`, while it is down. Not at creation: there the driver does not validate the MTU.
 * @throws CniError when the kernel has no frames of that size
 */
export function setFrames(socket: Socket, name: string, mtu: number): void {
  if (mtu > 0) explainingFrames(mtu, () => ask(socket, changeLink({ name }, { mtu })))
}

/** Runs an action that sets an MTU. @throws CniError when the kernel has no frames of that size */
export function explainingFrames<T>(mtu: number, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isErrno(error, 'EINVAL') && mtu >= Frame.XL_MIN ? noXl(mtu, error) : error
  }
}

function noXl(mtu: number, cause: KernelError): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `mtu: this kernel has no CAN frames of ${mtu} bytes: use 72`,
    hint: '72 is CAN FD; CAN XL needs Linux 6.1',
    ...factsOf(cause),
  })
}
