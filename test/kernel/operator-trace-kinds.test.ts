/** `patchbay trace` among containers on all kinds of networks: each verdict is what a real packet does. */
// needs: bridge vlan_filtering, link vlan, link ipvlan, link macvlan, link vxlan

import { execFile } from 'node:child_process'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { far, farHost, near, privateHost, usableAtOnce } from '../harness/host.ts'
import { bridgeNetwork, newNetwork, ptpNetwork } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { type Configuration, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
usableAtOnce()
const file = `${executables()}/patchbay`
const distant = farHost()

interface Place {
  title: string
  path: string
  addresses: string[]
}

const host: Place = { title: 'host', path: 'host', addresses: [near.ipv4, near.ipv6] }
const outside: Place = { title: 'far', path: distant.path, addresses: [far.ipv4, far.ipv6] }

/** The same network, whose containers have default routes. */
function routed(net: Network): Network {
  const [first, ...rest] = net.plugins as [Configuration, ...Configuration[]]
  const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }]
  return { ...net, plugins: [{ ...first, ipam: { ...(first.ipam as object), routes } }, ...rest] }
}

for (const name of ['under', 'over']) {
  ip(`link add ${name} type veth peer name ${name}-end`)
  for (const end of [name, `${name}-end`]) ip(`link set ${end} up`)
}
const filtering = bridgeNetwork({ vlan: 100 })
const networks: Record<string, Network> = {
  bridge: bridgeNetwork({ isDefaultGateway: true }),
  isolated: bridgeNetwork({ isDefaultGateway: true, portIsolation: true }),
  vlan100: filtering,
  vlan200: bridgeNetwork({ vlan: 200, bridge: filtering.plugins[0]?.bridge }),
  ptp: ptpNetwork(),
  vlan: newNetwork('vlan', { master: 'uplink', vlanId: 7 }),
  macvlan: macvlanNetwork({ mode: 'bridge' }),
  private: macvlanNetwork({ mode: 'private' }),
  ipvlan: newNetwork('ipvlan', { master: 'under', mode: 'l2' }),
  ipvlan3: newNetwork('ipvlan', { master: 'over', mode: 'l3' }),
  vxlan: newNetwork('vxlan', { vni: 7, dev: 'uplink', local: near.ipv4, remotes: [far.ipv4] }),
}
/** The kinds of which a host has one interface for each container's number. */
const single = ['vlan', 'vxlan']

async function places(): Promise<Place[][]> {
  const made: Place[][] = []
  for (const [title, net] of Object.entries(networks)) {
    const numbers = single.includes(title) ? [1] : [1, 2]
    const own: Place[] = []
    for (const number of numbers) {
      const { path, addresses } = await attach(routed(net))
      own.push({ title: `${title} ${number}`, path, addresses })
    }
    made.push(own)
  }
  return made
}

/** Whether a program succeeds, and its output. */
function outcome(program: string, ...words: string[]): Promise<{ passes: boolean; text: string }> {
  return new Promise((resolve) => {
    execFile(program, words, (error, stdout, stderr) => resolve({ passes: !error, text: stdout + stderr }))
  })
}

interface Pair {
  from: Place
  to: Place
  address: string
}

/** A second look: a port may begin to forward between the verdict and the ping, and ping ends early with an error from the network. */
async function disagreement(pair: Pair, passed: string[]): Promise<string[]> {
  const found = await disagreementNow(pair, passed)
  return found.length > 0 ? disagreementNow(pair, passed) : found
}

/** What the verb says, when it is not what a ping does. */
async function disagreementNow({ from, to, address }: Pair, passed: string[]): Promise<string[]> {
  const verdict = await outcome(file, 'trace', from.path, address)
  const ping = ['ping', '-n', '-q', '-c', '1', '-i', '0.2', '-w', verdict.passes ? '20' : '5', address]
  const [program = '', ...words] = from === host ? ping : ['nsenter', `--net=${from.path}`, ...ping]
  const real = await outcome(program, ...words)
  if (real.passes) passed.push(`${from.title} to ${to.title}`)
  if (verdict.passes === real.passes) return []
  return [`${from.title} to ${to.title} ${address} ${real.passes ? 'passes' : 'is lost'}: ${verdict.text}`]
}

test('from each kind to its like, to the host, to a bridge and to a far host, both ways', async () => {
  const made = await places()
  const [bridged] = made.flat()
  const pairs = made.flatMap(([first, second]) => {
    const others = [host, outside, bridged, second].filter(
      (one) => one !== undefined && one !== first,
    ) as Place[]
    return others.flatMap((other) => [
      ...(other === second ? other.addresses : other.addresses.slice(0, 1)).map((address) => ({
        ...{ from: first as Place, to: other, address },
      })),
      ...(other === second
        ? []
        : [{ from: other, to: first as Place, address: first?.addresses[0] as string }]),
    ])
  })
  const [said, passed]: [string[], string[]] = [[], []]
  const work = async () => {
    for (let pair = pairs.pop(); pair; pair = pairs.pop()) said.push(...(await disagreement(pair, passed)))
  }
  await Promise.all(Array.from({ length: 16 }, work))
  assert.equal(said, [])
  for (const kind of ['bridge', 'vlan100', 'ptp', 'macvlan', 'ipvlan', 'ipvlan3'])
    assert.ok(passed.includes(`${kind} 1 to ${kind} 2`), kind)
})

test.run()
