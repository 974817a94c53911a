/** The settings of a link below net/ipv4/conf and net/ipv6/conf. The kernel resets them to `default` when the link changes its namespace. */

import { integer, list, type Output, object, optional, string } from '../config/schema.ts'
import { tolerate } from '../kernel/errno.ts'
import { writeInPlace } from '../kernel/files.ts'
import { readSysctl } from '../kernel/sysctl.ts'
import { changeIpv4Conf } from '../netlink/ipv4-conf.ts'
import type { LinkName } from '../netlink/link.ts'
import { ipv6Settings, ipv6Text, type LinkConf, readConf } from '../netlink/link-conf.ts'
import { ask, type Socket } from '../netlink/socket.ts'

const numbers = list(integer({ min: -0x80000000, max: 0x7fffffff }))

/** The settings of a link, as JSON. */
export const settings = object({
  ipv4: numbers,
  ipv6: numbers,
  /** The families in which it forwards as the host's `default` says: the host may begin to forward meanwhile. */
  forwardsAsHost: list(string),
  /** The one setting whose value the kernel's message does not have. */
  stableSecret: optional(string),
})

export type Settings = Output<typeof settings>

/** No settings: for a link without a record. */
export const noSettings: Settings = { ipv4: [], ipv6: [], forwardsAsHost: [] }

/** Forwarding is number 0 in both families. */
const FORWARDING = 0

/** Reads the settings of a link of the current namespace. */
export function readSettings(socket: Socket, link: LinkName): Settings {
  const conf = readConf(socket, link)
  const forwardsAsHost = (['ipv4', 'ipv6'] as const).filter(
    (family) => readSysctl(family, 'conf', 'default', 'forwarding') === String(conf[family][FORWARDING]),
  )
  // EIO: it was never set.
  const stableSecret = tolerate(() => readSysctl('ipv6', 'conf', link.name, 'stable_secret'), 'EIO')
  return { ...conf, forwardsAsHost, stableSecret }
}

/** What restores the settings that differ now, each for itself. Setting the secret changes addr_gen_mode, so it comes first. */
export function settingsToRestore(socket: Socket, link: LinkName, before: Settings): (() => void)[] {
  const write = (setting: string, text: string) =>
    writeInPlace(`/proc/sys/net/ipv6/conf/${link.name}/${setting}`, text)
  const { stableSecret } = before
  if (stableSecret) write('stable_secret', stableSecret)
  const now = readConf(socket, link)
  return [
    ...differing('ipv4', before, now).map(
      ([number, value]) =>
        () =>
          void ask(socket, changeIpv4Conf(link, number, value)),
    ),
    ...differing('ipv6', before, now).map(([number, value]) => () => {
      const setting = ipv6Settings[number]
      if (setting) write(setting, ipv6Text(setting, value))
    }),
  ]
}

function differing(
  family: 'ipv4' | 'ipv6',
  before: Settings,
  now: LinkConf,
): [number: number, value: number][] {
  const first = before.forwardsAsHost.includes(family) ? FORWARDING + 1 : 0
  const has = now[family]
  return before[family].flatMap((value, number) =>
    number < first || number >= has.length || value === has[number] ? [] : [[number, value]],
  )
}
