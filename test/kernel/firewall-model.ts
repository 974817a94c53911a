/** The containers of the firewall's property: each has a list of bridge, portmap and firewall of its own, and addresses that others had. */

import { existsSync } from 'node:fs'
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { hostIfname } from '../../shared/cni/identity.ts'
import { type Fault, killedAt } from '../harness/faults.ts'
import { type Netns, newContainer, removeContainer } from '../harness/host.ts'
import { fixed } from '../harness/networks.ts'
import { type Answer, type Call, callAlone } from '../harness/plugin.ts'
import { until } from '../harness/until.ts'

/** The list that a container is attached with. */
export interface List {
  bridge: number
  ipMasq: 'nftables' | 'iptables' | 'off'
  macspoofchk: boolean
  ports: 'nftables' | 'iptables'
  filter: 'nftables' | 'iptables'
  policy: 'open' | 'same-bridge' | 'isolated'
}

/** A container of the model: `broken` and `vanished` ones are waiting for DEL, the latter without their namespace. */
export interface Container {
  netns: Netns
  list: List
  address: number
  state: 'live' | 'broken' | 'vanished' | 'gone'
  /** The time of its ADD. */
  order: number
  /** The result of ADD, which the runtime keeps when the whole list has succeeded. */
  result?: Record<string, unknown>
}

export interface Addition {
  container: number
  address: number
  list: List
}

export interface Kill extends Addition {
  verb: 'ADD' | 'DEL'
  type: Type
  fault: Fault
}

const types = ['bridge', 'portmap', 'firewall'] as const
type Type = (typeof types)[number]

export const names = ['p0', 'p1', 'p2', 'p3', 'p4']
const addresses = 3

const list: fc.Arbitrary<List> = fc.record({
  bridge: fc.nat(1),
  ipMasq: fc.constantFrom('off', 'nftables', 'iptables'),
  macspoofchk: fc.boolean(),
  ports: fc.constantFrom('nftables', 'iptables'),
  filter: fc.constantFrom('nftables', 'iptables'),
  policy: fc.constantFrom('open', 'same-bridge', 'isolated'),
})

export const addition = { container: fc.nat(names.length - 1), address: fc.nat(addresses - 1), list }

export const killing = {
  verb: fc.constantFrom('ADD' as const, 'DEL' as const),
  type: fc.constantFrom(...types),
  fault: fc.record({
    syscall: fc.constantFrom(
      ...(['sendto', 'renameat2', 'openat', 'unlinkat', 'write', 'mkdirat', 'symlinkat', 'execve'] as const),
    ),
    nth: fc.integer({ min: 1, max: 16 }),
  }),
  ...addition,
}

const noList: List = {
  bridge: 0,
  ipMasq: 'off',
  macspoofchk: false,
  ports: 'nftables',
  filter: 'nftables',
  policy: 'open',
}

export function begin(name: string): Container {
  return { netns: newContainer(name), list: noList, address: 0, state: 'gone', order: 0 }
}

export function end({ netns, state }: Container): void {
  if (state !== 'vanished') removeContainer(netns)
}

let time = 0

/** A runtime attaches a container after the DEL of its last attachment, with an address that none has whose namespace is there. */
export function mayAdd(all: Container[], one: Container, { address, list }: Addition): boolean {
  const holds = ({ state }: Container) => state === 'live' || state === 'broken'
  if (one.state !== 'gone' || all.some((other) => holds(other) && other.address === address)) return false
  Object.assign(one, { address, list, order: ++time, result: undefined })
  return true
}

/** ADD of the whole list. */
export function run(one: Container): void {
  let prevResult: Container['result']
  for (const type of types) {
    const { status, json } = callAlone(request(one, 'ADD', type, prevResult))
    assert.is(status, 0, `ADD of ${type}, ${one.netns.name}: ${JSON.stringify(json)}`)
    prevResult = json
  }
  Object.assign(one, { state: 'live', result: prevResult })
}

/** DEL of the whole list. */
export function del(one: Container): void {
  for (const type of [...types].reverse()) {
    const { status, json } = callAlone(request(one, 'DEL', type, one.result))
    assert.is(status, 0, `DEL of ${type}, ${one.netns.name}: ${JSON.stringify(json)}`)
  }
  if (one.state === 'vanished') newContainer(one.netns.name)
  one.state = 'gone'
}

/** What CHECK of the list finds missing. */
export function lacking(one: Container): string[] {
  return types.flatMap((type) => {
    const { status, json } = callAlone(request(one, 'CHECK', type, one.result))
    return status === 0 ? [] : [String(json?.msg)]
  })
}

/** The namespace goes, and with it the host's end of the veth pair, without DEL. */
export async function vanish(one: Container): Promise<void> {
  if (one.state !== 'live') return
  removeContainer(one.netns)
  one.state = 'vanished'
  await until('the link is gone', () => !existsSync(`/sys/class/net/${linkOf(one)}`))
}

const linkOf = ({ netns: { name } }: Container) =>
  hostIfname({ network: 'model', containerID: name, ifname: 'eth0' })

/** GC of the network, whose valid attachments are those that a runtime still has. */
export function collect(all: Container[]): void {
  const valid = all.filter(({ state }) => state === 'live' || state === 'broken')
  const attachments = valid.map(({ netns }) => ({ containerID: netns.name, ifname: 'eth0' }))
  for (const type of types) {
    const keys = type === 'bridge' ? keysOfBridge(noList) : {}
    const config = { ...common, type, ...keys, 'cni.dev/valid-attachments': attachments }
    const { status, json } = callAlone({ verb: 'GC', config })
    assert.is(status, 0, `GC of ${type}: ${JSON.stringify(json)}`)
  }
}

/** A call of the list is killed, and those after it are not made. */
export async function kill(all: Container[], one: Container, step: Kill): Promise<void> {
  const { verb, type, fault } = step
  if (verb === 'ADD' && !mayAdd(all, one, step)) return
  const before = one.state
  one.state = before === 'vanished' ? 'vanished' : 'broken'
  const order = verb === 'ADD' ? types : [...types].reverse()
  let prevResult = one.result
  for (const each of order) {
    const call = request(one, verb, each, prevResult)
    const { status, json }: Answer = each === type ? await killedAt(call, fault) : callAlone(call)
    if (status !== 0) {
      assert.is(each, type, `${verb} of ${each}, ${one.netns.name}: ${JSON.stringify(json)}`)
      if (verb === 'DEL' && before === 'gone') one.state = 'gone'
      return
    }
    if (verb === 'ADD') prevResult = json
  }
  if (verb === 'ADD') Object.assign(one, { state: 'live', result: prevResult })
  else del(one)
}

const common = { name: 'model', cniVersion: '1.1.0' }

function keysOfBridge({ bridge, ipMasq, macspoofchk }: List) {
  const backend = ipMasq === 'off' ? {} : { ipMasqBackend: ipMasq }
  return { bridge: `model${bridge}`, isGateway: true, ipMasq: ipMasq !== 'off', ...backend, macspoofchk }
}

function request(
  { netns, list, address }: Container,
  verb: 'ADD' | 'DEL' | 'CHECK',
  type: Type,
  prevResult?: Record<string, unknown>,
): Call {
  const keys = {
    bridge: {
      ...keysOfBridge(list),
      ipam: fixed(`10.60.${list.bridge}.${address + 2}/24`, `fd60:${list.bridge}::${address + 2}/64`),
      runtimeConfig: { mac: `02:00:00:00:00:0${address}` },
      prevResult,
    },
    portmap: { backend: list.ports, runtimeConfig: { portMappings: mappings(address) }, prevResult },
    firewall: {
      ...{ backend: list.filter, ingressPolicy: list.policy, prevResult },
      ...(list.filter === 'nftables' && { acceptInto: { table: 'inet host', chain: 'forward' } }),
    },
  }[type]
  return { verb, config: { ...common, type, ...keys }, containerID: netns.name, netns: netns.path }
}

function mappings(address: number) {
  return [
    { hostPort: 8000 + address, containerPort: 80, protocol: 'tcp' },
    { hostPort: 9000, containerPort: 90, protocol: 'udp', hostIP: `192.0.2.${address + 1}` },
  ]
}
