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
  /** As many with blocks at hand, and as many of host-local alone, in turns: seconds of each round. */
  next: number[]
  hostLocal: number[]
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
  const containers = Array.from({ length: each }, (_, nth) => `c${nth}`)
  const round = (verb: 'ADD' | 'DEL', ipam: Section) => {
    const answers: unknown[] = []
    const action = async (host: FilesHost, containerID: string) => {
      answers.push(await callOn(host, verb, ipam, containerID))
    }
    return together(hosts, containers, atOnce, action).then((times) => ({ times, answers }))
  }
  const first = await round('ADD', pool)
  await round('DEL', pool)
  const blocks =
    etcd.etcdctl('get', '--prefix', '--keys-only', '/patchbay/blocks/').match(/^\//gm)?.length ?? 0
  const next = { ipam: pool, seconds: [] as number[] }
  const local = { ipam: hostLocal, seconds: [] as number[] }
  for (let nth = 0; nth < ROUNDS; nth++)
    for (const { ipam, seconds } of nth % 2 === 0 ? [next, local] : [local, next]) {
      seconds.push((await round('ADD', ipam)).times.seconds)
      await round('DEL', ipam)
    }
  for (const host of hosts) host.end()
  await end()
  const given = first.answers.map(addressIn)
  return {
    ...{ hosts: count, addresses: count * each, first: first.times, blocks },
    ...{ next: next.seconds, hostLocal: local.seconds },
    ...{ given: given.length, distinct: new Set(given).size },
  }
}

/** Which of the two comes first changes from round to round. */
const ROUNDS = 5

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

async function callOn(
  host: FilesHost,
  verb: 'ADD' | 'DEL',
  ipam: Section,
  containerID: string,
): Promise<unknown> {
  const section = ipam(host)
  const config = { cniVersion: '1.1.0', name: section.type, type: section.type, ipam: section }
  const env = { CNI_PATH: executables() }
  const { status, json } = await call({
    ...{ verb, config, containerID, netns: '/none' },
    ...{ under: host.under, env },
  })
  if (status !== 0) throw new Error(`${host.name}: ${JSON.stringify(json)}`)
  return json
}

function addressIn(answer: unknown): string {
  return (answer as { ips: { address: string }[] }).ips[0]?.address ?? ''
}
