/**
 * A cluster for tests: hosts on a switch, with files of their own, and a real etcd on the same switch.
 * `const { hosts, etcd, cutOff } = await newCluster({ hosts: 5, etcd: { members: 3, tls: true } })`
 */

import { type ClusterHost, newClusterHost } from './cluster-host.ts'
import { ownEtc } from './etc.ts'
import { type Etcd, type EtcdOptions, startEtcd } from './etcd.ts'
import { wrongClock } from './preload.ts'
import { type Machine, newSwitch, type Switch } from './switch.ts'

/** With `users` each host has a user of its own. */
export type StoreOptions = Omit<EtcdOptions, 'members'> & { members?: 1 | 3 }

export interface ClusterOptions {
  hosts: number
  etcd?: StoreOptions
  mtu?: number
  /** How far each host's clock is ahead, in seconds. Default: not at all */
  clocks?: readonly number[]
}

export interface Cluster extends Switch {
  hosts: readonly ClusterHost[]
  etcd: Etcd
  /** The machines of the first etcd's members, in their order. */
  stores: readonly Machine[]
  /** Starts another etcd, which the hosts' /etc/patchbay/store.json names from then on. */
  newStore(options: StoreOptions): Promise<Etcd>
  /** Ends what runs on hosts: else the test program waits for it. */
  end(): Promise<void>
}

/** Makes the cluster. Each host has /etc/patchbay/store.json, with TLS a certificate with its name. */
export async function newCluster({
  hosts: count,
  etcd: options = {},
  mtu,
  clocks = [],
}: ClusterOptions): Promise<Cluster> {
  ownEtc('/etc/cni/net.d', '/etc/patchbay')
  const underlay = newSwitch(mtu)
  const names = numbers(count).map((n) => `host${n}`)
  const stores: Machine[] = []
  const start = (wishes: StoreOptions) => {
    const machines = numbers(wishes.members ?? 1).map((n) => {
      const number = stores.length + n
      return underlay.machine(`store${number}`, 100 + number)
    })
    stores.push(...machines)
    const members = machines.map(({ name, ipv4 }) => ({ netns: name, address: ipv4 }))
    return startEtcd({ ...wishes, members, ...(wishes.users && { users: [...wishes.users, ...names] }) })
  }
  const starting = start(options)
  const hosts = await Promise.all(
    names.map((name, index) => newClusterHost(underlay.machine(name, index + 1), clockOf(clocks[index]))),
  )
  const use = (etcd: Etcd) => {
    for (const host of hosts) host.write('/etc/patchbay/store.json', etcd.store(host.name))
    return etcd
  }
  const etcd = use(await starting)
  return {
    ...{ ...underlay, hosts, etcd, stores },
    newStore: async (wishes) => use(await start(wishes)),
    end: async () => {
      for (const { end } of hosts) await end()
    },
  }
}

function clockOf(seconds = 0): Record<string, string> {
  return seconds === 0 ? {} : wrongClock(seconds)
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
