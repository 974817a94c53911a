/** vxlan: each of its conf-examples connects containers of the hosts that it names. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { addresses, exists } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { attachment, callOn, detach, type Host, newHost } from '../harness/overlay.ts'
import type { Configuration } from '../harness/plugin.ts'
import { hold } from '../harness/pool.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

/** The examples name 192.0.2.1 to 192.0.2.3, or their IPv6 addresses. */
const hosts = [newHost(), newHost(), newHost()] as const

type Named = Configuration & { name: string }

/** An example as on a real host: with the host's own range, and the other host as `remote`. */
function example(file: string, number: number): Named {
  const own = JSON.stringify(exampleNetwork(file))
    .replaceAll(/(10\.\d+)\.1\.(0|255)/g, `$1.${number}.$2`)
    .replaceAll('fd00:121::1:', `fd00:121::${number}:`)
  const { plugins, name, cniVersion } = JSON.parse(own)
  const remote = plugins[0].remote && { remote: number === 1 ? hosts[1].ipv4 : hosts[0].ipv4 }
  return {
    ...plugins[0],
    name,
    cniVersion,
    ...remote,
    ...(plugins[0].ipam.type === 'pool' && inBlocks(plugins[0], name, number)),
    ...(plugins[0].peers && withoutAgent),
  }
}

/** The others as a list, in the place of what the agent writes: it has tests of its own, with etcd. */
const withoutAgent = { peers: undefined, arpSuppress: undefined, remotes: hosts.map(({ ipv4 }) => ipv4) }

/** The host has a block of each range, as if it had claimed them. */
function inBlocks({ ipam }: { ipam?: object }, network: string, number: number): object {
  const dataDir = `${scratch}/host${number}`
  const ranges = [{ subnet: '10.125.0.0/16' }, { subnet: 'fd00:125::/64' }]
  hold(network, dataDir, { ranges, blocks: [`10.125.${number}.0/26`, `fd00:125::${number}:0/122`] })
  return { ipam: { ...ipam, dataDir } }
}

for (const [file, members] of [
  ['120-vxlan-remote.conflist', 2],
  ['121-vxlan-remotes.conflist', 3],
  ['122-vxlan-group.conflist', 3],
  ['123-vxlan-direct.conflist', 3],
  ['124-vxlan-ipv6.conflist', 3],
  ['125-vxlan-pool.conflist', 3],
] as const)
  test(`${file}: containers on all hosts reach each other`, async () => {
    const attached = []
    for (const [index, host] of hosts.slice(0, members).entries()) {
      const [config, container] = [example(file, index + 1), newContainer()]
      const { status, json } = await callOn(host, attachment('ADD', config, container))
      assert.is(status, 0, JSON.stringify(json))
      attached.push({ host, config, container })
    }
    for (const { container: from } of attached)
      for (const { container: to } of attached)
        if (from !== to) for (const cidr of addresses('eth0', to)) assert.ok(pings(from, bare(cidr)), cidr)
    for (const { host, config, container } of attached) await gone(host, config, container)
  })

async function gone(host: Host, config: Named, container: ReturnType<typeof newContainer>): Promise<void> {
  await detach(host, config, container)
  assert.not.ok(exists(`vx${config.vni}`, host))
  assert.not.ok(exists('eth0', container))
}

test.run()
