/**
 * Any sequence of ADD, DEL, repeated DEL, a kill at any call, a namespace that goes, flush and reapply, over containers whose addresses
 * and ports are used again, ends with the ruleset of the live ones alone.
 */
// needs: nft ip

import { rmSync } from 'node:fs'
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { command, ip } from '../harness/command.ts'
import { type Fault, killedAt } from '../harness/faults.ts'
import { isFullRun } from '../harness/full.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { type Call, callAlone, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { ruleset } from './firewall-containers.ts'

await privateHost()

/** A container of the model: `broken` and `vanished` ones are waiting for DEL, the latter without their namespace. */
interface Container {
  netns: Netns
  address: number
  state: 'live' | 'broken' | 'vanished' | 'gone'
}

type Step =
  | { does: 'add' | 'del' | 'vanish'; container: number; address: number }
  | {
      does: 'kill'
      verb: 'ADD' | 'DEL'
      container: number
      address: number
      fault: Fault
      type: (typeof types)[number]
    }
  | { does: 'flush' }
  | { does: 'reapply' }

const [containers, addresses] = [5, 3]
const place = { container: fc.nat(containers - 1), address: fc.nat(addresses - 1) }
const fault: fc.Arbitrary<Fault> = fc.record({
  syscall: fc.constantFrom('sendto', 'renameat2', 'openat', 'unlinkat', 'write', 'mkdirat'),
  nth: fc.integer({ min: 1, max: 12 }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constantFrom('add', 'del', 'vanish'), ...place }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('kill'),
      verb: fc.constantFrom('ADD', 'DEL'),
      type: fc.constantFrom('portmap', 'firewall'),
      fault,
      ...place,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('flush', 'reapply') }) },
)

/** A table of the host's own firewall, which `acceptInto` opens. */
function hostFirewall(): void {
  command(
    'nft',
    'add table inet host; add chain inet host forward { type filter hook forward priority 0; policy drop; }',
  )
}

const types = ['portmap', 'firewall'] as const

const hostLink = (name: string) => `l${name}`

/** A container and a link of the host, which stands for the host's end of its interface. */
function begin(name: string): Netns {
  ip(`link add ${hostLink(name)} type bridge`)
  return newContainer(name)
}

function end(netns: Netns): void {
  removeContainer(netns)
  ip(`link delete ${hostLink(netns.name)}`)
}

/** The calls of a list for a container whose address and host ports others may have had. */
function requests(one: Container, verb: 'ADD' | 'DEL'): Call[] {
  const inOrder = types.map((type) => request(one, verb, type))
  return verb === 'DEL' ? inOrder.reverse() : inOrder
}

function request({ netns, address }: Container, verb: Call['verb'], type: (typeof types)[number]): Call {
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', sandbox: netns.path }, { name: hostLink(netns.name) }],
    ips: [`10.60.0.${address + 2}/24`, `fd60::${address + 2}/64`].map((text) => ({
      address: text,
      interface: 0,
    })),
  }
  const portMappings = [
    { hostPort: 8000 + address, containerPort: 80, protocol: 'tcp' },
    { hostPort: 9000, containerPort: 90, protocol: 'udp', hostIP: `192.0.2.${address + 1}` },
  ]
  const common = { name: 'model', cniVersion: '1.0.0', prevResult, runtimeConfig: { portMappings } }
  const keys = type === 'firewall' ? { acceptInto: { table: 'inet host', chain: 'forward' } } : {}
  return { verb, config: { type, ...common, ...keys }, containerID: netns.name, netns: netns.path }
}

function succeed(one: Container, verb: 'ADD' | 'DEL'): void {
  for (const call of requests(one, verb)) {
    const { status, json } = callAlone(call)
    assert.is(status, 0, `${verb} of ${one.netns.name}: ${JSON.stringify(json)}`)
  }
}

function del(one: Container): void {
  succeed(one, 'DEL')
  if (one.state === 'vanished') begin(one.netns.name)
  one.state = 'gone'
}

/** A runtime attaches a container after the DEL of its last attachment, with an address that none has whose namespace is there. */
function mayAdd(all: Container[], one: Container, address: number): boolean {
  const holds = ({ state }: Container) => state === 'live' || state === 'broken'
  if (one.state !== 'gone' || all.some((other) => holds(other) && other.address === address)) return false
  one.address = address
  return true
}

async function kill(
  all: Container[],
  { verb, container, address, fault, type }: Step & { does: 'kill' },
): Promise<void> {
  const one = all[container] as Container
  if (verb === 'ADD' && !mayAdd(all, one, address)) return
  const calls = requests(one, verb)
  const at = calls.findIndex(({ config }) => typeof config === 'object' && config.type === type)
  for (const call of calls.slice(0, at)) callAlone(call)
  const { status } = await killedAt(calls[at] as Call, fault)
  if (status === 0) for (const call of calls.slice(at + 1)) callAlone(call)
  const broken = one.state === 'vanished' ? 'vanished' : 'broken'
  if (verb === 'ADD') one.state = status === 0 ? 'live' : 'broken'
  else if (status === 0) del(one)
  else if (one.state !== 'gone') one.state = broken
}

async function take(all: Container[], step: Step): Promise<void> {
  if (step.does === 'kill') return kill(all, step)
  if (step.does === 'flush') return flush()
  if (step.does === 'reapply') return reapply()
  const one = all[step.container] as Container
  if (step.does === 'del') del(one)
  else if (step.does === 'add' && mayAdd(all, one, step.address)) {
    succeed(one, 'ADD')
    one.state = 'live'
  } else if (step.does === 'vanish' && one.state === 'live') {
    end(one.netns)
    one.state = 'vanished'
  }
}

/** As the restart of nftables.service does. */
function flush(): void {
  command('nft', 'flush', 'ruleset')
  hostFirewall()
}

function reapply(): void {
  command(`${executables()}/patchbay`, 'reapply')
}

/** The ruleset whatever the order of tables and elements. */
function sorted(): string[] {
  const inOrder = (_: string, value: unknown) =>
    Array.isArray(value) ? value.map((one) => JSON.stringify(one)).sort() : value
  return ruleset()
    .map((one) => JSON.stringify(one, inOrder))
    .sort()
}

/** The ruleset of an empty host after the ADDs of the live containers. */
function rulesetOf(live: Container[]): string[] {
  flush()
  rmSync('/run/patchbay', { recursive: true, force: true })
  for (const one of live) succeed(one, 'ADD')
  return sorted()
}

let hosts = 0

async function play(steps: Step[]): Promise<void> {
  const host = ++hosts
  const all = Array.from({ length: containers }, (_, index): Container => {
    return { netns: begin(`h${host}-${index}`), address: 0, state: 'gone' }
  })
  flush()
  const empty = sorted()
  try {
    for (const step of steps) await take(all, step)
    for (const one of all) if (one.state !== 'live') del(one)
    reapply()
    const live = all.filter(({ state }) => state === 'live')
    const found = sorted()
    assert.equal(found, rulesetOf(live))
    for (const one of live) del(one)
    assert.equal(sorted(), empty)
  } finally {
    command('nft', 'flush', 'ruleset')
    rmSync('/run/patchbay', { recursive: true, force: true })
    for (const { netns } of all) end(netns)
  }
}

test('any sequence of ADD, DEL, kill, lost namespace, flush and reapply ends with the ruleset of the live containers alone', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), play)
  await fc.assert(property, { numRuns: isFullRun() ? 300 : 15, seed: isFullRun() ? undefined : 15 })
})

test.run()
