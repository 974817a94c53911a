/** radvd, a router that advertises itself (RFC 4861). `// unpacked: radvd`. */

import { rmSync, writeFileSync } from 'node:fs'
import type { Station } from './dhcp-segment.ts'
import { filesOf, type Server, serverIn } from './dhcp-server.ts'
import { setSysctl } from './host.ts'
import { unpacked } from './unpacked.ts'

export interface RadvdConfig {
  /** CIDRs, for autoconfigured addresses unless `autonomous` is false. */
  prefixes: readonly string[]
  /** Seconds: valid, preferred. Default: 3600, 1800. */
  lifetimes?: readonly [number, number]
  autonomous?: boolean
  /** Of the router, seconds; 0: it is no default router. Default: 1800. */
  lifetime?: number
  /** The flags M (addresses by DHCPv6) and O (other things by DHCPv6). */
  managed?: boolean
  other?: boolean
  mtu?: number
  /** RFC 8106. */
  rdnss?: readonly string[]
  dnssl?: readonly string[]
}

export interface Radvd extends Server {
  /** Ends it without a farewell, and starts it with a configuration that differs in these keys. `end('SIGTERM')` says farewell: a lifetime of 0. */
  restart(change: Partial<RadvdConfig>): Promise<Radvd>
}

/** Starts radvd on a station's NIC; it advertises five times in a second. */
export async function radvdOn(at: Station, config: RadvdConfig, files = filesOf('radvd')): Promise<Radvd> {
  setSysctl('net/ipv6/conf/all/forwarding', 1, at.name)
  writeFileSync(`${files}.conf`, configuration(at.ifname, config))
  // A child of one that was killed may still lock it.
  rmSync(`${files}.pid`, { force: true })
  const { file, env } = unpacked('radvd', 'usr/sbin/radvd')
  const args = ['-n', '-m', 'stderr', '-d', '1', '-C', `${files}.conf`, '-p', `${files}.pid`]
  const server = await serverIn(at, files, { file, args, env, ready: 'version' })
  return {
    ...server,
    restart: async (change) => {
      await server.end()
      return radvdOn(at, { ...config, ...change }, files)
    },
  }
}

/** Only routers for mobile hosts may advertise so often: AdvIntervalOpt makes it one (RFC 6275 section 7.5). */
function configuration(ifname: string, config: RadvdConfig): string {
  const [valid, preferred] = config.lifetimes ?? [3600, 1800]
  const prefixes = config.prefixes.map(
    (prefix) => `prefix ${prefix} {
    AdvAutonomous ${onOff(config.autonomous ?? true)};
    AdvValidLifetime ${valid};
    AdvPreferredLifetime ${preferred};
  };`,
  )
  return `interface ${ifname} {
  AdvSendAdvert on;
  AdvIntervalOpt on;
  MinRtrAdvInterval 0.1;
  MaxRtrAdvInterval 0.2;
  AdvDefaultLifetime ${config.lifetime ?? 1800};
  AdvManagedFlag ${onOff(config.managed)};
  AdvOtherConfigFlag ${onOff(config.other)};
  AdvLinkMTU ${config.mtu ?? 0};
  ${prefixes.join('\n  ')}
  ${listed('RDNSS', config.rdnss)}
  ${listed('DNSSL', config.dnssl)}
};
`
}

/** Its own lifetime would be twice the interval, which is 0 in whole seconds. */
function listed(word: 'RDNSS' | 'DNSSL', values: readonly string[] = []): string {
  return values.length > 0 ? `${word} ${values.join(' ')} { Adv${word}Lifetime 600; };` : ''
}

function onOff(flag = false): string {
  return flag ? 'on' : 'off'
}
