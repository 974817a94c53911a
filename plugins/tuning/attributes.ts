/** The attributes of the interface that tuning changes, by the names that they have in the configuration and in its file. */

import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { formatMac, isUnicastMac, parseMac } from '../../shared/ip/mac.ts'
import { type ErrnoName, isErrno } from '../../shared/kernel/errno.ts'
import { changeLink, findLink, hasAllmulti, type Link, type LinkSettings } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import type { TuningConfig } from './config.ts'

export interface Attributes {
  mac?: string
  promisc?: boolean
  mtu?: number
  allmulti?: boolean
  txQLen?: number
}

/**
 * What a call asks for. Of several MAC addresses the last counts: the configuration's, that of CNI_ARGS, `runtimeConfig`, `args.cni`.
 * @throws CniError for an invalid MAC address in CNI_ARGS
 */
export function wantedOf({
  config,
  args,
}: {
  config: TuningConfig
  args: Record<string, string>
}): Attributes {
  const over = config.args?.cni ?? {}
  const mac = over.mac ?? config.runtimeConfig?.mac ?? (args.MAC || config.mac)
  const wanted: Attributes = {
    mac: mac && validMac(mac),
    promisc: (over.promisc ?? config.promisc) || undefined,
    mtu: (over.mtu ?? config.mtu) || undefined,
    allmulti: over.allmulti ?? config.allmulti,
    txQLen: over.txQLen ?? config.txQLen,
  }
  return onlySet(wanted)
}

function onlySet(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}

/** As the kernel prints it. */
function validMac(text: string): string {
  const bytes = parseMac(text)
  if (bytes && isUnicastMac(bytes)) return formatMac(bytes)
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `invalid args ${JSON.stringify(text)} for MAC addr: it is no unicast MAC address`,
    hint: 'use six bytes like 02:00:5e:10:00:01, neither multicast nor all zeros',
  })
}

/** Whether a call asks for nothing, or nothing was found. */
export function isEmpty(values: object): boolean {
  return Object.keys(values).length === 0
}

/** The attributes of a link. */
export function attributesOf(link: Link): Required<Attributes> {
  const { mac, promisc, mtu, txqlen = 0 } = link
  return { mac, promisc, mtu, allmulti: hasAllmulti(link), txQLen: txqlen }
}

/** The values that a link has where others are wanted. */
export function formerOf(link: Link, wanted: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributesOf(link)).filter(([name]) => Object.hasOwn(wanted, name)),
  )
}

/** Sets attributes, one by one, so that an error names the one that the kernel refuses. @throws KernelError */
export function setAttributes(inside: Socket, link: Link, attributes: Attributes): void {
  for (const settings of settingsOf(attributes)) ask(inside, changeLink(link, settings))
}

/** What the kernel refuses for good. DEL would get stuck. */
const refusals: readonly ErrnoName[] = [
  'EINVAL',
  'ERANGE',
  'EOPNOTSUPP',
  'EBUSY',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EPERM',
]

/** Sets attributes where the link, if it is there, has others. What the kernel refuses is logged, the rest is set. @throws KernelError for other failures */
export function restoreAttributes(inside: Socket, name: string, former: Attributes, log: Log): void {
  const link = findLink(inside, name)
  if (!link) return
  for (const settings of settingsOf(withoutEqual(former, attributesOf(link)))) {
    try {
      ask(inside, changeLink(link, settings))
    } catch (error) {
      if (!isErrno(error, 'ENODEV', ...refusals)) throw error
      log.warn(`${name} is not as it was before tuning: ${error.message}`)
    }
  }
}

function withoutEqual(wanted: Attributes, found: Attributes): Attributes {
  const entries = Object.entries(wanted).filter(([name, value]) => found[name as keyof Attributes] !== value)
  return Object.fromEntries(entries)
}

/** One attribute in the terms of `ip link set`. */
export function settingOf(name: keyof Attributes, { txQLen: txqlen, ...others }: Attributes): LinkSettings {
  return name === 'txQLen' ? { txqlen } : { [name]: others[name] }
}

/** In the order in which they are set: the MAC address first. */
const order = ['mac', 'promisc', 'mtu', 'allmulti', 'txQLen'] as const

function settingsOf(attributes: Attributes): LinkSettings[] {
  return order.filter((name) => attributes[name] !== undefined).map((name) => settingOf(name, attributes))
}
