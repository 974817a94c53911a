/** Who reaches a container by a host port where firewall keeps networks apart, or where the host drops: the table of portmap's README. */
// needs: nft ip, nft bridge, iptables

import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { conversation, namedServer } from '../harness/datagrams.ts'
import { farHost, type Netns, near, privateHost, setSysctl, usableAtOnce } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { asking, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
usableAtOnce()

type Keys = Record<string, unknown>

/** A bridge with portmap, and firewall with these keys unless they are undefined. */
function network(keys?: Keys): Network {
  const net = withPorts({}, undefined, { hairpinMode: true })
  return { ...net, plugins: [...net.plugins, ...(keys ? [{ type: 'firewall', ...keys }] : [])] }
}

const extras = asking({ hostPort: 5300, containerPort: 53, protocol: 'udp' })

/** Whether the container answers by its host port, in both families; a client of localhost has one. @param seconds for the second answer */
async function reaches(seconds: number, client: Netns | undefined, ...addresses: string[]): Promise<boolean> {
  const answers = addresses.map(async (address) => {
    const asked = conversation(client, address, 5300)
    const answer = (await asked.ask(1)) ?? (await asked.ask(seconds))
    asked.end()
    return answer === 'one'
  })
  const found = new Set(await Promise.all(answers))
  assert.is(found.size, 1, 'both families are alike')
  return found.has(true)
}

/** Which clients reach the host port of a container of a network with these keys. */
async function clientsThatReach(keys: Keys, expected: readonly string[]): Promise<string[]> {
  const net = network(keys)
  const one = await attach(net, extras)
  const [neighbour, stranger, free] = [
    await attach(net),
    await attach(network(keys)),
    await attach(network()),
  ]
  const server = await namedServer(one, 53, 'one')
  const both = Object.values(near)
  const clients: Record<string, [Netns | undefined, ...string[]]> = {
    'a far host': [outside, ...both],
    'the host': [undefined, ...both],
    localhost: [undefined, '127.0.0.1'],
    itself: [one, ...both],
    'a neighbour': [neighbour, ...both],
    'another network with firewall': [stranger, ...both],
    'a network without': [free, ...both],
  }
  // A busy machine takes its time for an answer; one that may not come is not waited for as long.
  const asked = Object.entries(clients).map(async ([name, [client, ...addresses]]) => {
    const seconds = expected.includes(name) ? 20 : 3
    return (await reaches(seconds, client, ...addresses)) ? [name] : []
  })
  const found = (await Promise.all(asked)).flat()
  server.kill()
  const all: Attached[] = [one, neighbour, stranger, free]
  for (const { check } of all) await check()
  for (const { del } of all) await del()
  return found
}

const allClients = [
  ...['a far host', 'the host', 'localhost', 'itself', 'a neighbour'],
  ...['another network with firewall', 'a network without'],
]
const but = (...names: string[]) => allClients.filter((name) => !names.includes(name))
const dropping =
  'nft add table inet foreign; nft "add chain inet foreign forward { type filter hook forward priority 0; policy drop; }"'

/** As Nomad's agent makes its chain, before the first ADD. */
const nomad = [
  'iptables -P FORWARD DROP; ip6tables -P FORWARD DROP',
  'iptables -N NOMAD-ADMIN; iptables -A NOMAD-ADMIN -d 10.0.0.0/8 -j ACCEPT',
  'ip6tables -N NOMAD-ADMIN; ip6tables -A NOMAD-ADMIN -d fd00::/8 -j ACCEPT',
].join(';')

const rows: Record<string, { keys: Keys; host?: string; reach: string[] }> = {
  'nothing drops': { keys: {}, reach: allClients },
  'same-bridge by nftables': {
    keys: { ingressPolicy: 'same-bridge', backend: 'nftables' },
    reach: but('another network with firewall'),
  },
  'same-bridge by iptables': {
    keys: { ingressPolicy: 'same-bridge', backend: 'iptables' },
    reach: but('another network with firewall'),
  },
  'isolated by nftables': {
    keys: { ingressPolicy: 'isolated', backend: 'nftables' },
    reach: but('another network with firewall', 'a neighbour'),
  },
  'isolated by iptables': {
    keys: { ingressPolicy: 'isolated', backend: 'iptables' },
    reach: but('another network with firewall', 'a neighbour', 'itself'),
  },
  'a chain of nftables drops, and acceptInto opens it': {
    host: dropping,
    keys: { acceptInto: { table: 'inet foreign', chain: 'forward' } },
    reach: allClients,
  },
  'FORWARD of iptables drops': {
    host: 'iptables -P FORWARD DROP; ip6tables -P FORWARD DROP',
    keys: {},
    reach: but('a far host', 'a network without'),
  },
  'FORWARD of iptables drops, and Nomad’s chain accepts what goes to its containers': {
    host: nomad,
    keys: { backend: 'iptables', iptablesAdminChainName: 'NOMAD-ADMIN' },
    reach: allClients,
  },
}

for (const [what, { host = 'true', keys, reach }] of Object.entries(rows))
  test(`${what}: who reaches the container by a host port is ${reach.join(', ')}`, async () => {
    for (const family of ['ip', 'ip6']) setSysctl(`net/bridge/bridge-nf-call-${family}tables`, 0)
    command('sh', '-c', host)
    try {
      assert.equal(await clientsThatReach(keys, reach), reach)
    } finally {
      command('nft', 'flush ruleset')
    }
  })

test.run()
