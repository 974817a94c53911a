/** tap: gives a container an interface whose frames (tap) or packets (tun) a program reads and writes. */

import { broken, mismatch, noPort, noSuch } from '../../shared/attachment/broken.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { attachmentMac, requestedMac } from '../../shared/attachment/mac.ts'
import { whileMade } from '../../shared/attachment/made.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { close, Open, open } from '../../shared/kernel/files.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { controlFile, makeTun, type TunOptions } from '../../shared/kernel/tun.ts'
import { checkInside } from '../../shared/link/inside.ts'
import { commandIn, seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, removeIfThere } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { parseTun } from '../../shared/netlink/tun.ts'
import { config, type TapConfig } from './config.ts'

export const tap = interfacePlugin<TapConfig>({
  name: 'tap',
  summary: 'gives a container an interface whose frames or packets a program reads and writes',
  config,
  device: {
    prepare,
    create,
    // Before a program opens it, an announcement has no receiver.
    bringUp: () => ({ upLast: true }),
    check,
    status: requireControlFile,
  },
})

/** The MAC address that the runtime requests, or else the configured one. */
function chosenMac(request: Request<TapConfig>): string | undefined {
  return requestedMac(request) ?? request.config.mac
}

function prepare(request: Request<TapConfig>): void {
  const mac = chosenMac(request)
  if (!mac || request.config.mode === 'tap') return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `MAC address ${mac} is requested, but a tun has none: request none`,
    hint: 'remove it, or use "mode": "tap"',
  })
}

function optionsOf({ mode, multiQueue, owner, group, vnetHdr = mode === 'tap' }: TapConfig): TunOptions {
  return { mode, multiQueue, owner, group, vnetHdr }
}

/** The kernel asks for privileges only where an owner or a group is set (tun_not_capable, drivers/net/tun.c). */
const ROOT = 0

function withOwner(options: TunOptions): TunOptions {
  return options.owner === undefined && options.group === undefined ? { ...options, owner: ROOT } : options
}

async function create(life: Life<TapConfig>): Promise<void> {
  const { inside, request, undo } = life
  const { ifname: name, config } = request
  const bridge = config.bridge ? findBridge(inside, request) : undefined
  requireControlFile()
  undo(() => removeIfThere(inside, { name }))
  const mac = config.mode === 'tap' ? (chosenMac(request) ?? attachmentMac(request)) : undefined
  await whileMade(inside, name, async () => {
    await make(life)
    ask(inside, changeLink({ name }, { mac, mtu: config.mtu || undefined, master: bridge }))
  })
}

async function make({ container, request }: Life<TapConfig>): Promise<void> {
  const { ifname, config } = request
  const options = withOwner(optionsOf(config))
  if (!config.selinuxContext) return inNamespace(container, () => makeTun(ifname, options))
  const { makeLabelled } = await import('./label.ts')
  await makeLabelled(container, ifname, options, config.selinuxContext)
}

function findBridge(inside: Socket, request: Request<TapConfig>): Link {
  const { config } = request
  const bridge = findLink(inside, config.bridge ?? '')
  if (bridge?.kind === 'bridge') return bridge
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: the container has no bridge ${config.bridge}${bridge ? ', but another device of that name' : ''}: make it first`,
    hint: 'an earlier plugin or network must make the bridge inside the container',
    see: commandIn(request, 'ip -d link show type bridge'),
  })
}

/** @throws CniError of code 50 when the kernel has no TUN/TAP, or the host no /dev/net/tun */
function requireControlFile(): void {
  try {
    close(open(controlFile, Open.RDWR))
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV', 'ENXIO')) throw error
    throw new CniError(Code.PluginNotAvailable, {
      msg: `this host has no TUN/TAP devices: ${error.message}`,
      hint: `load the module (modprobe tun), or make its device node: mkdir -p /dev/net; mknod ${controlFile} c 10 200`,
      ...factsOf(error),
      see: `ls -l ${controlFile}`,
    })
  }
}

function check(sides: Sides, request: Request<TapConfig>): void {
  const { ifname, config } = request
  const link = checkInside(sides, request, 'tun')
  const { vnetHdr: _, ...wanted } = withOwner(optionsOf(config))
  const older = optionsOf(config) // Patchbay 0.1 set no owner by default
  const actual = parseTun(link)
  for (const key of Object.keys(wanted) as (keyof typeof wanted)[])
    if (actual?.[key] !== wanted[key] && actual?.[key] !== older[key])
      throw broken(mismatch(ifname, key, actual?.[key], wanted[key]), { see: seeLink(ifname, request) })
  if (!config.bridge) return
  const bridge = findLink(sides.inside, config.bridge)
  if (!bridge) throw noSuch('bridge', config.bridge, request)
  if (bridge.index !== link.master) throw noPort(ifname, bridge, request)
}
