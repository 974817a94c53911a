/** What the kinds of interfaces need for a pair of containers that reach each other. */

import { features } from '../../test/guest/features.ts'
import type { Configuration } from '../example.ts'
import { near } from './host.ts'

/** The kinds by which two containers of one host cannot always meet. */
const across: Record<string, (config: Configuration) => Configuration | undefined> = {
  bond: (config) => config,
  'host-device': (config) => config,
  ipvlan: (config) => (config.flag && config.flag !== 'bridge' ? config : undefined),
  macsec: counterpart,
  macvlan: (config) => ((config.mode ?? 'bridge') === 'bridge' ? undefined : heard(config)),
  team: (config) => config,
  vlan: (config) => config,
  vxcan: (config) => (config.hostIfname ? config : undefined),
  vxlan: mirrored,
}

/** The second container's configuration on the other host, or undefined when it belongs beside the first. */
export function configurationAcross(config: Configuration): Configuration | undefined {
  return across[config.type]?.(config)
}

/** What mode source lets through is what comes from the MACs that it lists. */
function heard(config: Configuration): Configuration {
  const [mac] = (config.sourceMacs ?? []) as string[]
  return config.mode === 'source' ? { ...config, mode: 'bridge', sourceMacs: undefined, mac } : config
}

/** The overlay as the other host sees it: its remote is this host. */
function mirrored(config: Configuration): Configuration {
  const [local] = remotesOf(config)
  if (!local) return config
  const own = local.includes(':') ? near.ipv6 : near.ipv4
  return { ...config, remotes: undefined, remote: config.local ?? own, local }
}

/** What one side of a protected wire sends by, the other one takes. */
function counterpart({ sci, key, peers, ...config }: Configuration): Configuration {
  const [peer] = peers as [{ sci: string; key: string }]
  return { ...config, ...peer, peers: [{ sci, key }] }
}

/** Kinds that no ping passes: they lead nowhere, to a program, or carry no IP. */
const pingless = ['dummy', 'ipvtap', 'macvtap', 'tap', 'vcan', 'vxcan']

export function takesPings({ type }: Configuration): boolean {
  return !pingless.includes(type)
}

/** The addresses by which an overlay knows other hosts. */
export function remotesOf({ remote, remotes = [] }: Configuration): string[] {
  return [...(remote ? [remote] : []), ...(remotes as string[])] as string[]
}

/** The features of the kernel that a configuration asks for. */
export function needsOf({ type, vlan, ipMasq, macspoofchk, gateway }: Configuration): string[] {
  const wishes = {
    [`link ${type}`]: features().includes(`link ${type}`),
    'bridge vlan_filtering': vlan,
    'can gateway': gateway,
    'nft ip': ipMasq,
    'nft bridge': macspoofchk,
  }
  return Object.keys(wishes).filter((name) => wishes[name as keyof typeof wishes])
}
