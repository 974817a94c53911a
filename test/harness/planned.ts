/** `patchbay plan`: its commands, executed by a shell, make the state that a real ADD makes; the plan itself changes nothing. */

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { Network } from './cnitool.ts'
import { command } from './command.ts'
import { unchanged } from './expect.ts'
import { type Netns, newContainer, removeContainer, scratch } from './host.ts'
import { within } from './netns.ts'
import { run } from './operate.ts'
import { type Answer, call, executables } from './plugin.ts'
import { networkLines } from './rtnetlink.ts'
import { difference, snapshot, snapshotOf } from './snapshot.ts'
import { sysctlLines } from './sysctls.ts'
import { test } from './test.ts'

/** A network to plan. */
export interface Planned {
  network: Network
  /** Commands that make on a host what ADD needs, for a shell. */
  host?: string
  /** The same in the container's namespace. */
  inside?: string
  /** What a runtime adds: `portMappings` and others. */
  capabilities?: Record<string, unknown>
}

/** The container's ID, and the name of its namespace, in the plan. */
const id = 'ctr'

const plugin = () => `${executables()}/patchbay`

/** A NIC with the default route, in the words of a shell. */
export const nic = `
ip link set lo up
ip link add eth0 address 02:00:00:00:00:01 type veth peer name far0 address 02:00:00:00:00:02
ip link set far0 up
ip link set eth0 up
ip address add 198.51.100.10/24 dev eth0
ip route add default via 198.51.100.1`

/** The test of a list of plugins. */
export function testPlanned(name: string, planned: Planned): void {
  test(`${name}: the plan's commands make what ADD makes, and planning changes nothing`, async () => {
    const [real, byHand] = [hostOf(planned), hostOf(planned)]
    const script = scriptOf(planned, real)
    const container = containerOf(planned)
    await add(planned, real, container)
    const wanted = stateOf(real, container)
    removeContainer(container)
    const other = containerOf(planned, id)
    const { status, stdout, stderr } = run('ip', `netns exec ${byHand.name} sh -e ${script}`)
    assert.is(status, 0, stdout + stderr)
    const made = stateOf(byHand, other)
    for (const netns of [real, byHand, other]) removeContainer(netns)
    assert.equal(difference(wanted, made), [])
  })
}

let hosts = 0

function hostOf({ host = nic }: Planned): Netns {
  const netns = newContainer(`host${++hosts}`)
  command('ip', 'netns', 'exec', netns.name, 'sh', '-ec', host)
  return netns
}

function containerOf({ inside = '' }: Planned, name?: string): Netns {
  const netns = newContainer(name)
  command('ip', 'netns', 'exec', netns.name, 'sh', '-ec', inside)
  return netns
}

/** Writes the plan into a file, and looks that the host is as it was. */
function scriptOf({ network, capabilities }: Planned, host: Netns): string {
  const [list, script] = [`${scratch}/${network.name}.conflist`, `${scratch}/${network.name}.sh`]
  writeFileSync(list, JSON.stringify(network))
  const look = () => [...snapshot(), ...snapshotOf(host.name)]
  const before = look()
  const words = ['netns', 'exec', host.name, plugin(), 'plan', list]
  const more = capabilities ? ['--capabilities', JSON.stringify(capabilities)] : []
  writeFileSync(script, command('ip', ...words, ...more))
  unchanged(before, look)
  return script
}

/** ADD of the plugins, as libcni does it. */
async function add(
  { network: { name, cniVersion, plugins }, capabilities = {} }: Planned,
  host: Netns,
  container: Netns,
): Promise<void> {
  let prevResult: Answer['json']
  for (const own of plugins) {
    const declared = (own.capabilities ?? {}) as Record<string, boolean>
    const given = Object.entries(capabilities).filter(([key]) => declared[key])
    const runtimeConfig = given.length > 0 ? Object.fromEntries(given) : undefined
    const config = { ...own, name, cniVersion, runtimeConfig, prevResult }
    const under = ['ip', 'netns', 'exec', host.name]
    const answer = await call({ verb: 'ADD', config, containerID: id, netns: container.path, under })
    assert.is(answer.status, 0, JSON.stringify(answer))
    prevResult = answer.json
  }
}

/** All that ADD may change in both namespaces, without what is random: MAC addresses and what the kernel makes of them, numbers of links. */
function stateOf(host: Netns, container: Netns): string[] {
  const seen = (netns: Netns) => within(netns.name, () => [...networkLines(), ...sysctlLines(), ...shown()])
  return [...within(host.name, rules), ...seen(host), ...seen(container).map((line) => `inside ${line}`)]
    .filter((line) => !/ (ifindex|link_index|link_netnsid): /.test(line))
    .map((line) => line.replace(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, 'MAC'))
}

/** Some guests have no nftables. */
function rules(): string[] {
  const { status, stdout } = run('nft', '--stateless list ruleset')
  return status === 0 ? stdout.split('\n') : []
}

/** What the tools show and the lines of a snapshot do not have. */
function shown(): string[] {
  const qdiscs = linesOf('tc', 'qdisc', 'show')
  const shaped = new Set(
    qdiscs.flatMap((line) => / (?:tbf|htb|ingress|clsact) .* dev (\S+)/.exec(line)?.[1] ?? []),
  )
  return [
    ...qdiscs,
    ...[...shaped].flatMap((name) => [
      ...linesOf('tc', 'class', 'show', 'dev', name),
      ...linesOf('tc', 'filter', 'show', 'dev', name),
      ...linesOf('tc', 'filter', 'show', 'dev', name, 'ingress'),
    ]),
    ...linesOf('ip', '-d', 'neighbour', 'show', 'nud', 'permanent'),
    ...linesOf('bridge', 'vlan', 'show'),
    // What a bridge learns comes when the other end sends something.
    ...linesOf('bridge', 'fdb', 'show').filter((line) => /permanent|static|self| dst /.test(line)),
  ]
}

/** What a program prints, with its arguments. */
function linesOf(file: string, ...words: string[]): string[] {
  return command(file, ...words)
    .split('\n')
    .map((line) => `${words.join(' ')}: ${line}`)
}
