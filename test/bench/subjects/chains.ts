/** Lists of several plugins, as runtimes have them: each is called in turn. */

import { bridges } from './bridge.ts'
import { type Configuration, dualStack, type Subject } from './subject.ts'

const bridge = bridges[0]?.plugins(0) ?? []

function chain(needs: readonly string[], ...more: Configuration[]): Subject {
  const plugins = [...bridge, ...more]
  return { name: plugins.map(({ type }) => type).join(' + '), needs, plugins: () => plugins }
}

const rate = 100_000_000
const limits = { ingressRate: rate, ingressBurst: rate, egressRate: rate, egressBurst: rate }

/** A node's whole list: masquerade, a host port, the firewall, a sysctl, and limits. @param backend of masquerade and host port; ours chooses */
function five(number: number, backend?: string): Configuration[] {
  const portMappings = [{ hostPort: 10_000 + number, containerPort: 80, protocol: 'tcp' }]
  return [
    { type: 'bridge', bridge: 'br0', isGateway: true, ipMasq: true, ipMasqBackend: backend, ipam: dualStack },
    { type: 'portmap', backend, runtimeConfig: { portMappings } },
    { type: 'firewall' },
    { type: 'tuning', sysctl: { 'net.core.somaxconn': '500' } },
    { type: 'bandwidth', ...limits },
  ]
}

/** Against either back end of the references. Their firewall has iptables only. */
const fives = ['nftables', 'iptables'].map(
  (backend): Subject => ({
    name: `chain of five, theirs by ${backend}`,
    needs: ['iptables', 'nft ip'],
    plugins: (number) => five(number),
    theirs: (number) => five(number, backend),
  }),
)

export const chains: readonly Subject[] = [
  chain(['link ifb', 'qdisc tbf'], {
    type: 'bandwidth',
    ...{ ingressRate: 10_000_000, ingressBurst: 1_000_000, egressRate: 10_000_000, egressBurst: 1_000_000 },
  }),
  chain(['link vrf'], { type: 'vrf', vrfname: 'blue' }),
  chain([], { type: 'sbr' }),
  chain([], { type: 'tuning', sysctl: { 'net.core.somaxconn': '500' } }),
  ...fives,
]
