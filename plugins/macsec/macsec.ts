/** Makes and checks the container's macsec. */

import { broken, isDown, mismatch } from '../../shared/attachment/broken.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { withMasterIfAny } from '../../shared/link/chain.ts'
import { checkChild, createChild } from '../../shared/link/child.ts'
import { findParent, parentSide, requireUp } from '../../shared/link/parent.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, type Link } from '../../shared/netlink/link.ts'
import { type MacsecOptions, macsecKind, parseMacsec, sciOf } from '../../shared/netlink/macsec.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { MacsecConfig } from './config.ts'
import { sendsSci } from './rules.ts'

/** Makes the container's interface on its parent, without keys. */
export async function createMacsec(life: Life<MacsecConfig>): Promise<void> {
  const { request } = life
  const side = parentSide(life, request.config)
  const parent = findParent(side, withMasterIfAny(request), request.log)
  requireUp(parent)
  const mac = requestedMac(request) ?? request.config.mac
  const options = optionsOf(request.config, mac ?? parent.mac)
  try {
    await createChild(life, parent, { ...macsecKind(options), mac })
  } catch (error) {
    throw (await import('./refusal.ts')).explainCreation(error, side, parent, options)
  }
  await setMtu(life, parent)
}

/** A separate request: at creation the kernel derives the MTU from the parent's and ignores another. */
async function setMtu({ inside, request }: Life<MacsecConfig>, parent: Link): Promise<void> {
  const { mtu } = request.config
  if (mtu === 0) return
  try {
    ask(inside, changeLink({ name: request.ifname }, { mtu }))
  } catch (error) {
    throw (await import('./refusal.ts')).explainMtu(error, parent, mtu)
  }
}

/** The options of a configuration. @param mac of the interface: the first part of its identifier */
function optionsOf(config: MacsecConfig, mac: string): MacsecOptions {
  const { cipherSuite, window, encrypt, protect, endStation, scb, replayProtect, validate, offload } = config
  const canonical = formatMac(parseMac(mac) ?? Buffer.alloc(6))
  return {
    sci: config.sci?.toLowerCase() ?? sciOf(canonical, config.port ?? 1),
    cipherSuite,
    window,
    encodingSa: config.an,
    encrypt,
    protect,
    sendSci: sendsSci(config),
    endStation,
    scb,
    replayProtect,
    validate,
    offload,
  }
}

/** Values that the kernel omits from its reply. */
const omitted: Partial<MacsecOptions> = { window: 0, offload: 'off' }

/** CHECK. @throws CniError naming the first option that differs from what ADD set */
export function checkMacsec(sides: Sides, request: Request<MacsecConfig>): Link {
  const { ifname, config } = request
  const link = checkChild(sides, request, 'macsec')
  if (!link.up) throw isDown(ifname, request)
  const wanted = optionsOf(config, link.mac)
  const found = parseMacsec(link.data ?? Buffer.alloc(0))
  for (const name of Object.keys(wanted) as (keyof MacsecOptions)[]) {
    const is = found[name] ?? omitted[name]
    if (is !== wanted[name])
      throw broken(mismatch(ifname, name, is, wanted[name]), { see: seeLink(ifname, request) })
  }
  return link
}
