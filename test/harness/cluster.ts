/**
 * A cluster for tests: hosts on a switch, with files of their own, and a real etcd on the same switch.
 * `const { hosts, etcd, switch } = await newCluster({ hosts: 5, etcd: { members: 3, tls: true } })`
 */

import { type ClusterHost, newClusterHost } from './cluster-host.ts'
import { ownEtc } from './etc.ts'
import { type Etcd, type EtcdOptions, startEtcd } from './etcd.ts'
import { wrongClock } from './preload.ts'
import { type Machine, newSwitch, type Switch } from './switch.ts'

export interface Cluster extends Switch {
  hosts: readonly ClusterHost[]
  etcd: Etcd
  /** The machines of etcd's members, in the order of `etcd.members`. */
  stores: readonly Machine[]
}

export interface ClusterOptions {
  hosts: number
  /** On a switch machine each. With `users` each host has a user of its own. */
  etcd?: Omit<EtcdOptions, 'members'> & { members?: 1 | 3 }
  mtu?: number
  /** How far each host's clock is ahead, in seconds. Default: not at all */
  clocks?: readonly number[]
}

/** Makes the cluster. Each host has /etc/patchbay/store.json; with TLS a certificate with its name. */
export async function newCluster({
  hosts: count,
  etcd: wishes = {},
  mtu,
  clocks = [],
}: ClusterOptions): Promise<Cluster> {
  ownEtc('/etc/cni/net.d', '/etc/patchbay')
  const underlay = newSwitch(mtu)
  const stores = numbers(wishes.members ?? 1).map((n) => underlay.machine(`store${n}`, 100 + n))
  const members = stores.map(({ name, ipv4 }) => ({ netns: name, address: ipv4 }))
  const names = numbers(count).map((n) => `host${n}`)
  const users = wishes.users && [...wishes.users, ...names]
  const starting = startEtcd({ ...wishes, members, users })
  const hosts = await Promise.all(
    names.map((name, index) => newClusterHost(underlay.machine(name, index + 1), clockOf(clocks[index]))),
  )
  const etcd = await starting
  for (const host of hosts) host.write('/etc/patchbay/store.json', etcd.store(host.name))
  return { ...underlay, hosts, etcd, stores }
}

function clockOf(seconds = 0): Record<string, string> {
  return seconds === 0 ? {} : wrongClock(seconds)
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
