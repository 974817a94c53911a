/** The pods of a cluster's network: no two have one address at one time, each reaches all others, and the network takes frames of its MTU. */

import * as assert from 'uvu/assert'
import type { ClusterHost, ClusterNetwork, Pod } from './cluster-host.ts'
import { command } from './command.ts'
import { start } from './program.ts'
import { pingsWith } from './traffic.ts'

/** A pod that has its addresses, and its host. */
export interface Living {
  host: ClusterHost
  pod: Pod
}

export interface Fleet {
  living(): readonly Living[]
  /** ADD on a host, again while etcd is slow. @throws with the plugin's answer, and when an address is another living pod's */
  add(host: ClusterHost): Promise<Pod>
  /** The same, tried once. */
  addOnce(host: ClusterHost): Promise<Pod>
  /** DEL, which must succeed. */
  del(...pods: Pod[]): Promise<void>
  /** Takes pods off the books whose host has forgotten them. */
  forget(host: ClusterHost): void
}

/** @param networkOf what a host has configured */
export function newFleet(networkOf: (host: ClusterHost) => ClusterNetwork): Fleet {
  let living: Living[] = []
  const joined = (host: ClusterHost, pod: Pod) => {
    for (const { host: other, pod: its } of living)
      assert.not.ok(
        its.addresses.some((address) => pod.addresses.includes(address)),
        `${pod.addresses} of ${host.name} is given twice: ${other.name} has it`,
      )
    living.push({ host, pod })
    return pod
  }
  return {
    living: () => living,
    add: async (host) => joined(host, await host.add(networkOf(host))),
    addOnce: async (host) => joined(host, await host.addOnce(networkOf(host))),
    del: async (...pods) => {
      for (const { host, pod } of living.filter(({ pod }) => pods.includes(pod))) {
        const { status, json } = await host.verb('DEL', networkOf(host), pod)
        assert.is(status, 0, JSON.stringify(json))
      }
      living = living.filter(({ pod }) => !pods.includes(pod))
    },
    forget: (host) => {
      living = living.filter((one) => one.host !== host)
    },
  }
}

/** Asserts that each pod reaches all others, in each family. */
export async function reachEachOther(pods: readonly Pod[]): Promise<void> {
  const unreached = await Promise.all(pods.map((pod) => unreachedBy(pod, pods)))
  assert.equal(unreached.flat(), [])
}

/** The pings of one pod are one shell's. */
async function unreachedBy({ name, addresses: own }: Pod, pods: readonly Pod[]): Promise<string[]> {
  const others = pods.flatMap(({ addresses }) => addresses).filter((address) => !own.includes(address))
  // ping ends also with an error from the network, which may be the state of a moment.
  const ping = 'ping -n -q -c 1 -i 0.2 -w 20 $to >/dev/null'
  const script = `for to; do for try in 1 2 3; do ${ping} && continue 2; sleep 1; done; echo $to; done`
  const { stdout } = await start('ip', ['netns', 'exec', name, 'sh', '-c', script, 'sh', ...others]).ended
  return stdout.split('\n').flatMap((to) => (to ? [`${name} (${own}) to ${to}`] : []))
}

/** The headers of a ping: IP and ICMP. */
const headers = { ipv4: 28, ipv6: 48 }

/** Asserts that pods have an MTU, and that packets of this size pass between two of them in each family. */
export function packetsOf(mtu: number, from: Pod, to: Pod): void {
  assert.equal([from, to].map(mtuOf), [mtu, mtu])
  for (const address of to.addresses) {
    const size = mtu - (address.includes(':') ? headers.ipv6 : headers.ipv4)
    assert.ok(pingsWith(['-M', 'do', '-s', `${size}`], from, address), `${size} bytes to ${address}`)
  }
}

function mtuOf(pod: Pod): number {
  return Number(command('ip', 'netns', 'exec', pod.name, 'cat', '/sys/class/net/eth0/mtu'))
}
