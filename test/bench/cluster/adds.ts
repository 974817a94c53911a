/**
 * ADDs of the IPAM plugin by the shipped executable, on hosts with names and files of their own, all at once: as many as in published
 * figures of others. Without containers, interfaces and Kubernetes.
 */

import { newCluster } from '../../harness/cluster.ts'
import type { ClusterHost } from '../../harness/cluster-host.ts'
import { type Times, timed } from './timing.ts'

export interface Adds {
  hosts: number
  addresses: number
  /** No host has a block yet: each claims what it needs, by `patchbay-agent pool claim`. */
  first: Times
  /** As many once more with blocks at hand, and as many of host-local alone. */
  next: Times
  hostLocal: Times
  /** Blocks that were claimed. */
  blocks: number
  /** Addresses that were given, and how many of them differ. */
  given: number
  distinct: number
}

const pool = { type: 'pool', pool: 'blue' }
const hostLocal = { type: 'host-local', subnet: '10.200.0.0/16' }

/** @param atOnce calls at one time on each host; kubelet and containerd start ten pods or more at once */
export async function measureAdds(count: number, each: number, atOnce = each): Promise<Adds> {
  const { hosts, etcd, end } = await newCluster({ hosts: count })
  hosts[0]?.patchbay('pool create blue --range 10.0.0.0/12')
  const given: string[] = []
  const round = (ipam: { type: string }, name: string) => {
    const calls = Array.from({ length: each }, (_, nth) => `${name}${nth}`)
    const action = async (host: ClusterHost, containerID: string) => {
      const address = await addOn(host, ipam, containerID)
      if (ipam === pool) given.push(address)
    }
    return together(hosts, calls, atOnce, action)
  }
  const first = await round(pool, 'a')
  const blocks =
    etcd.etcdctl('get', '--prefix', '--keys-only', '/patchbay/blocks/').match(/^\//gm)?.length ?? 0
  const next = await round(pool, 'b')
  const local = await round(hostLocal, 'c')
  await end()
  const distinct = new Set(given).size
  const addresses = count * each
  return { hosts: count, addresses, first, next, hostLocal: local, blocks, given: given.length, distinct }
}

/** All hosts at once, each so many at a time. */
async function together(
  hosts: readonly ClusterHost[],
  calls: readonly string[],
  atOnce: number,
  action: (host: ClusterHost, call: string) => Promise<void>,
): Promise<Times> {
  const rows = calls.flatMap((call) => hosts.map((host) => ({ host, call })))
  return timed(rows, hosts.length * atOnce, ({ host, call }) => action(host, call))
}

async function addOn(host: ClusterHost, ipam: { type: string }, containerID: string): Promise<string> {
  const config = { cniVersion: '1.1.0', name: ipam.type, type: ipam.type, ipam }
  const { status, json } = await host.call({ verb: 'ADD', config, containerID, netns: '/none' })
  if (status !== 0) throw new Error(`${host.name}: ${JSON.stringify(json)}`)
  return (json as { ips: { address: string }[] }).ips[0]?.address ?? ''
}
