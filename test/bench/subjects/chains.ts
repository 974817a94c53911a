/** Lists of several plugins, as runtimes have them: each is called in turn. What a suite lacks is the newest reference's. */

import { bridges } from './bridge.ts'
import type { Configuration, Subject } from './subject.ts'

const bridge = bridges[0]?.plugins(0) ?? []
const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]

function chain(needs: readonly string[], ...more: Configuration[]): Subject {
  const plugins = [...bridge, ...more]
  return { name: plugins.map(({ type }) => type).join(' + '), needs, plugins: () => plugins }
}

export const chains: readonly Subject[] = [
  chain(['link ifb', 'qdisc tbf'], {
    type: 'bandwidth',
    ...{ ingressRate: 10_000_000, ingressBurst: 1_000_000, egressRate: 10_000_000, egressBurst: 1_000_000 },
  }),
  chain(['link vrf'], { type: 'vrf', vrfname: 'blue' }),
  chain(['iptables', 'nft ip'], { type: 'portmap', runtimeConfig: { portMappings } }, { type: 'firewall' }),
  chain([], { type: 'tuning', sysctl: { 'net.core.somaxconn': '500' } }),
]
