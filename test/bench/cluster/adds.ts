/**
 * ADDs of the IPAM plugin by the shipped executable, on hosts with names and files of their own, all at once: as many as in published
 * figures of others. Without containers, interfaces and Kubernetes.
 */

import { createPool } from '../../../shared/store/claims/pools.ts'
import { call, executables } from '../../harness/plugin.ts'
import { ask, operator } from '../../harness/pool-host.ts'
import { type FilesHost, newFilesHosts } from './files.ts'
import { hostName, openConnection, plan } from './hosts.ts'
import { startStore } from './store.ts'
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

/** The IPAM section of a host. */
type Section = (host: FilesHost) => Record<string, unknown> & { type: string }

const hostLocal: Section = () => ({ type: 'host-local', subnet: '10.200.0.0/16' })

/** @param atOnce calls at one time on each host; kubelet and containerd start ten pods or more at once */
export async function measureAdds(count: number, each: number, atOnce = each): Promise<Adds> {
  const { etcd, end } = await startStore('3.5', 'memory', '')
  const connection = await openConnection(etcd.store())
  await ask(connection, createPool(operator, 'blue', plan))
  connection.close()
  const hosts = await newFilesHosts(Array.from({ length: count }, (_, at) => hostName(at)))
  const pool: Section = ({ name }) => ({ type: 'pool', pool: 'blue', store: { ...etcd.store(), host: name } })
  const given: string[] = []
  const round = (ipam: Section, name: string) => {
    const calls = Array.from({ length: each }, (_, nth) => `${name}${nth}`)
    const action = async (host: FilesHost, containerID: string) => {
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
  for (const host of hosts) host.end()
  await end()
  const distinct = new Set(given).size
  const addresses = count * each
  return { hosts: count, addresses, first, next, hostLocal: local, blocks, given: given.length, distinct }
}

/** All hosts at once, each so many at a time. */
async function together(
  hosts: readonly FilesHost[],
  calls: readonly string[],
  atOnce: number,
  action: (host: FilesHost, call: string) => Promise<void>,
): Promise<Times> {
  const rows = calls.flatMap((call) => hosts.map((host) => ({ host, call })))
  return timed(rows, hosts.length * atOnce, ({ host, call }) => action(host, call))
}

async function addOn(host: FilesHost, ipam: Section, containerID: string): Promise<string> {
  const section = ipam(host)
  const config = { cniVersion: '1.1.0', name: section.type, type: section.type, ipam: section }
  const env = { CNI_PATH: executables() }
  const { status, json } = await call({
    ...{ verb: 'ADD', config, containerID, netns: '/none' },
    ...{ under: host.under, env },
  })
  if (status !== 0) throw new Error(`${host.name}: ${JSON.stringify(json)}`)
  return (json as { ips: { address: string }[] }).ips[0]?.address ?? ''
}
