/** Whole lists, as podman and nerdctl have them: attached by one suite, checked and deleted by the other, with traffic by a host port. */
// needs: nft ip, iptables, link ifb, qdisc tbf
// packages: containernetworking-plugins
// newest: containernetworking-plugins

import * as assert from 'uvu/assert'
import { far, farHost, type Netns, near, privateHost } from '../harness/host.ts'
import type { Configuration, Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { type Mirror, mirrorIn } from '../harness/traffic.ts'
import { testWays, type Way } from '../harness/way.ts'

await privateHost()
const outside = farHost()

const mirrors = new Map<string, Mirror>()

/** A client of another host reaches the container by the host port, and the container reaches the other host. */
async function works(container: Netns, { ips }: Result): Promise<void> {
  const mirror = mirrors.get(container.name) ?? (await mirrorIn(container))
  mirrors.set(container.name, mirror)
  assert.ok(ips.length > 0)
  assert.is(mirror.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
}

const limits = {
  ingressRate: 80_000_000,
  ingressBurst: 8_000_000,
  egressRate: 80_000_000,
  egressBurst: 8_000_000,
  egress: 'ifb',
}

function chain(bridge: string, backend: 'iptables' | 'nftables', more: Partial<Way> = {}): Way {
  const plugins: Configuration[] = [
    {
      type: 'bridge',
      bridge,
      isDefaultGateway: true,
      ipMasq: true,
      ipMasqBackend: backend,
      hairpinMode: true,
    },
    { type: 'portmap', capabilities: { portMappings: true }, backend },
    { type: 'firewall', backend: 'iptables' },
    { type: 'tuning', mtu: 1400 },
    { type: 'bandwidth', ...limits },
  ]
  return {
    plugins,
    subnets: [backend === 'iptables' ? '10.9.1.0/24' : '10.9.2.0/24'],
    ports: [{ hostPort: 8080, containerPort: 7000, protocol: 'tcp' }],
    works,
    /** What containers share: the reference never removes it, and our last DEL removes what is portmap's. */
    remains:
      /^nft (table|\t(.*(CNI-|FORWARD|mark|type (nat|filter) hook|accept;)|\}))|^nft \}|^sysctl .*route_localnet/,
    stays:
      /^file \/run\/cni\/tuning\/|^nft \t\tip [sd]addr \S+ (ct state related,established )?counter accept/,
    leaves: /^\+ (file|link) \/run\/patchbay\/|^\+ nft /,
    outlives: /^link bwp/,
    ...more,
  }
}

const ways: Record<string, Way> = {
  'all plugins, by iptables': chain('br1', 'iptables', {
    unchecked: /could not check ipv6 dnat/,
    newest: { unchecked: undefined },
  }),
  'all plugins, by nftables': chain('br2', 'nftables', {
    isNew: true,
    stays: /^file \/run\/cni\/tuning\/|^nft \t\t.*(counter accept| comment "c\d+")$/,
    doubts: /missing hostport rules/,
    // The reference looks for the masquerade in iptables, too.
    failing: /Chain 'CNI-[0-9a-f]+' does not exist/,
    complaint: /Chain 'CNI-[0-9a-f]+' does not exist/,
  }),
}

for (const [name, way] of Object.entries(ways))
  for (const edition of ['installed', 'newest'] as const) testWays(name, way, edition, ['quickjs'])

test.run()
