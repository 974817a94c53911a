/** Sysctls of the configuration: their names as files below /proc/sys/net, and their values. */

import { repeatedKey } from '../../shared/config/repeated-keys.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { TuningConfig } from './config.ts'

/** One sysctl to set. */
export interface Sysctl {
  /** As the configuration writes it. */
  key: string
  /** Below /proc/sys: `net/ipv4/conf/eth0/arp_notify`. */
  name: string
  value: string
}

/** A call whose sysctls are asked for. */
interface Call {
  ifname: string
  config: TuningConfig
  input: string
}

/**
 * The sysctls of a configuration, in its order; those of `args.cni` override others of the same file.
 * @throws CniError for a key that the configuration has twice, one that is no network sysctl, two values for one file
 */
export function sysctlsOf({ ifname, config, input }: Call): Sysctl[] {
  const own = listed(config.sysctl, ifname)
  if (own.length > 0) refuseRepeated(input)
  const over = listed(config.args?.cni?.sysctl, ifname)
  return [...new Map([...own, ...over].map((sysctl) => [sysctl.name, sysctl])).values()]
}

/** @throws CniError in the reference's words */
function refuseRepeated(input: string): void {
  const key = repeatedKey(input, 'sysctl')
  if (key === undefined) return
  throw invalid(
    'duplicated sysctl keys are not allowed',
    `sysctl has ${JSON.stringify(key)} twice: remove one`,
  )
}

function listed(sysctls: Record<string, string> = {}, ifname: string): Sysctl[] {
  const list = Object.entries(sysctls).map(([key, value]) => sysctlOf(key, value, ifname))
  const seen = new Map<string, Sysctl>()
  for (const sysctl of list) {
    const { key, name, value } = sysctl
    const other = seen.get(name)
    if (other && normalized(other.value) !== normalized(value))
      throw invalid(
        `sysctl has two values for ${name}: those of ${JSON.stringify(other.key)} and ${JSON.stringify(key)}`,
        'remove one of them',
      )
    seen.set(name, sysctl)
  }
  return list
}

function sysctlOf(key: string, value: string, ifname: string): Sysctl {
  const parts = partsOf(key)
  const placed = parts.map((part) => part.includes('IFNAME'))
  // The reference replaces the first only.
  const at = placed.indexOf(true)
  const own = parts.map((part, index) => (index === at ? part.replace('IFNAME', () => ifname) : part))
  const [root, ...rest] = own
  if (root !== 'net' || rest.length === 0 || !own.every(isName)) throw outside(key)
  if (!/^[^\0\n]*\n?$/.test(value))
    throw invalid(
      `sysctl ${JSON.stringify(key)} has a value of several lines: ${JSON.stringify(value.slice(0, 40))}`,
      'the kernel reads one line: separate several numbers by spaces',
    )
  return { key, name: own.join('/'), value: value.trim() }
}

/** The reference takes dots and slashes for separators. Where a slash comes first, dots belong to names here, as in sysctl(8): `net/ipv4/conf/eth0.5/…` */
function partsOf(key: string): string[] {
  const first = /[./]/.exec(key)?.[0]
  const parts = key.split(first === '/' ? '/' : /[./]/)
  return parts[0] === '' ? parts.slice(1) : parts
}

function isName(part: string): boolean {
  return !/^(|\.\.?)$/.test(part) && !part.includes('\0')
}

function outside(key: string): CniError {
  // The reference's words.
  return invalid(
    `invalid net sysctl key: ${JSON.stringify(key)}`,
    'only sysctls of the network can be set, such as net.ipv4.conf.IFNAME.arp_notify',
  )
}

function invalid(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}

/** A value with one space where the kernel or the configuration has other white space. */
export function normalized(value: string): string {
  return value.trim().replace(/\s+/g, ' ')
}
