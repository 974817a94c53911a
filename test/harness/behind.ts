/** Containers as earlier plugins of lists have made them, and the calls of a chained plugin: tuning, sbr. */

import { type Netns, newContainer } from './host.ts'
import { inContainer, link } from './look.ts'
import { type Answer, type Call, call, type Result } from './plugin.ts'
import { pause } from './until.ts'

export type Keys = Record<string, unknown>

/** One verb of a request. */
export function ask(verb: Call['verb'], request: Omit<Call, 'verb'>): Promise<Answer> {
  return call({ ...request, verb })
}

/** A container with an interface, as of an earlier plugin in a list, and a call of tuning. */
export function tuned(keys: Keys = {}, cniVersion = '1.1.0') {
  const container = newContainer()
  inContainer(container, 'link add eth0 type veth peer name other')
  for (const name of ['eth0', 'other']) inContainer(container, `link set ${name} up`)
  inContainer(container, 'address add 10.9.0.2/24 dev eth0')
  inContainer(container, 'address add fd09::2/64 dev eth0 nodad')
  const { address, mtu } = link('eth0', container)
  const prevResult: Result = {
    cniVersion,
    interfaces: [
      { name: 'eth0', mac: '02:00:00:00:00:aa' },
      { name: 'eth0', mac: address, mtu, sandbox: container.path },
    ],
    ips: [{ address: '10.9.0.2/24', interface: 1 }],
  }
  const config = { type: 'tuning', name: 'net', cniVersion, prevResult, ...keys }
  const request = { config, containerID: container.name, netns: container.path }
  return { container, request }
}

/** The file of its former attributes. */
export const fileOf = ({ name }: Netns, directory = '/run/cni/tuning') => `${directory}/${name}_eth0.json`

/** A container with interfaces of both families, as of earlier plugins of lists, and a call of sbr for the first. */
export function routed(keys: Keys = {}, result: Partial<Result> = {}, names = ['eth0']) {
  const container = newContainer()
  for (const [index, name] of names.entries()) {
    inContainer(container, `link add ${name} type veth peer name x${name}`)
    inContainer(container, `address add 10.9.${index}.2/24 dev ${name}`)
    inContainer(container, `address add fd09:${index}::2/64 dev ${name} nodad`)
    for (const end of [name, `x${name}`]) inContainer(container, `link set ${end} up`)
    inContainer(container, `route append default via 10.9.${index}.1 dev ${name}`)
    inContainer(container, `-6 route append default via fd09:${index}::1 dev ${name} metric ${1000 + index}`)
    // The kernel makes it a moment after the link is up.
    while (!inContainer(container, `-6 route show dev ${name}`).includes('fe80::/64')) pause(10)
  }
  const requestOf = (index: number) => ({
    config: {
      ...{ type: 'sbr', name: 'net', cniVersion: '1.0.0' },
      prevResult: { ...resultOf(container, names[index] ?? '', index), ...result },
      ...keys,
    },
    containerID: container.name,
    netns: container.path,
    ifname: names[index],
  })
  return { container, request: requestOf(0), requestOf }
}

function resultOf({ path }: Netns, name: string, index: number): Result {
  return {
    cniVersion: '1.0.0',
    interfaces: [
      { name: 'host', mac: '02:00:00:00:00:01' },
      { name, mac: '02:00:00:00:00:02', sandbox: path },
    ],
    ips: [
      { address: `10.9.${index}.2/24`, gateway: `10.9.${index}.1`, interface: 1 },
      { address: `fd09:${index}::2/64`, gateway: `fd09:${index}::1`, interface: 1 },
    ],
  }
}

/** A table's routes of both families in a few words. */
export function table(container: Netns, id: number | 'main', family: 4 | 6): string[] {
  const lines = inContainer(container, `-${family} route show table ${id}`).split('\n')
  return lines.map((line) => line.replace(/ (metric|pref|proto|scope) \w+/g, '').trim()).filter(Boolean)
}

/** The rules of single addresses: `10.9.0.2 100`. */
export const rules = (container: Netns, family: 4 | 6) =>
  inContainer(container, `-${family} rule show`)
    .split('\n')
    .flatMap((line) => /from (\S+) lookup (\d+)/.exec(line)?.slice(1).join(' ') ?? [])

/** Routes with attributes that could be lost. */
export const rich = [
  'route add 198.51.100.0/24 via 10.9.0.3 dev eth0 metric 7 mtu lock 1300',
  'route add 203.0.113.0/24 nexthop via 10.9.0.3 dev eth0 weight 2 nexthop via 10.9.0.4 dev eth0',
  'route add 192.0.2.0/24 dev eth0',
  'route add 10.77.0.0/16 via 172.16.0.1 dev eth0 onlink',
  '-6 route add 2001:db8:7::/48 via fd09::3 dev eth0',
]
