/** `patchbay reapply` and flows of UDP: what took another way while the host port was lost is ended, and a flow that goes on is not. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { netfilter } from '../../shared/firewall/table.ts'
import { listUdpFlows } from '../../shared/netlink/conntrack.ts'
import { attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { conversation, idleFlowsLast, namedServer } from '../harness/datagrams.ts'
import { far, farHost, near, privateHost } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { reapply } from './firewall-damage.ts'

await privateHost()
const outside = farHost()
const [hostPort, containerPort] = [5300, 53]
await namedServer(undefined, hostPort, 'host')

/** Rules of another program that translate nothing keep the tracking of flows on. */
function keepTracking(): void {
  const at = { ip: far.ipv4, ip6: far.ipv6 }
  for (const [family, address] of Object.entries(at)) {
    const chain = `${family} kept c`
    command('nft', `add table ${family} kept; add chain ${chain} { type nat hook prerouting priority 0; }`)
    command('nft', `add rule ${chain} ${family} daddr ${address} udp dport 9 dnat to ${address}`)
  }
}

const idsOf = (family: 4 | 6) =>
  listUdpFlows(netfilter(), { family, port: hostPort }).map(({ key }) => key.id?.toString('hex'))

for (const backend of ['nftables', 'iptables'])
  for (const [family, address] of [
    [4, near.ipv4],
    [6, near.ipv6],
  ] as const)
    test(`${backend}, IPv${family}: reapply ends the flows that began while the port was lost, and no other`, async () => {
      const net = bridgeNetwork({ isDefaultGateway: true })
      const portMappings = [{ hostPort, containerPort, protocol: 'udp' }]
      const one = await attach(
        {
          ...net,
          plugins: [...net.plugins, { type: 'portmap', backend, capabilities: { portMappings: true } }],
        },
        { capabilities: { portMappings } },
      )
      idleFlowsLast()
      // What is forwarded waits for the bridge's link-local address.
      assert.ok(pings(outside, ...one.addresses))
      const server = await namedServer(one, containerPort, 'one')
      const [early, late] = [0, 1].map(() => conversation(outside, address, hostPort))
      assert.is(await early?.ask(), 'one')
      const before = idsOf(family)
      assert.is(before.length, 1)
      reapply()
      assert.equal(idsOf(family), before, 'nothing was missing')
      command('nft', 'flush', 'ruleset')
      keepTracking()
      assert.is(await late?.ask(), 'host')
      reapply()
      assert.equal(idsOf(family), before, 'the flow that leads to the container stays')
      assert.is(await late?.ask(), 'one')
      assert.is(await early?.ask(), 'one')
      for (const client of [early, late]) client?.end()
      server.kill('SIGKILL')
      await one.del()
      assert.equal(idsOf(family), [])
    })

test.run()
