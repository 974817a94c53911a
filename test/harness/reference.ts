/** The reference's plugins, of Debian's package containernetworking-plugins, and the rules that a newer version makes. */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Attachment } from '../../shared/cni/plugin.ts'
import type { Mapping } from '../../shared/firewall/portmap-rules.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { command } from './command.ts'
import { newestIn } from './newest.ts'
import { type Answer, type Call, type Configuration, call } from './plugin.ts'

/** The reference as the machine's Debian has it (1.1.1 in 12 and 13), and Debian's newest, which a test file names by `// newest:`. */
export type Edition = 'installed' | 'newest'

const installed = '/usr/lib/cni'
const directories = { installed, newest: join(newestIn('containernetworking-plugins'), installed) }

/** The directory of an edition's plugins. */
export function directoryOfReference(edition: Edition): string {
  return directories[edition]
}

/** Calls a plugin of the reference, as `call` calls ours. */
export function reference(
  request: Call & { config: Configuration },
  edition: Edition = 'installed',
): Promise<Answer> {
  const directory = directories[edition]
  const under = ['sh', '-c', `exec ${directory}/${request.config.type}`]
  return call({ ...request, under, env: { CNI_PATH: directory } })
}

/** What the reference 1.5 and newer gives to nft for each address (CIDR) with `"ipMasqBackend": "nftables"`. Debian 12 has 1.1.1. */
export function masqueradeByNftables(attachment: Attachment, addresses: string[]): void {
  const rules = addresses.map((address) => {
    const ip = address.includes(':') ? 'ip6' : 'ip'
    const [host] = address.split('/')
    return `add rule ${table} masq_checks ${ip} saddr == ${host} ${ip} daddr != ${address} masquerade comment "${comment(attachment)}"`
  })
  runNft([...frame, ...rules])
}

const table = 'inet cni_plugins_masquerade'
const frame = [
  `add table ${table} { comment "Masquerading for plugins from github.com/containernetworking/plugins" ; }`,
  `add chain ${table} masq_checks { comment "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet" ; }`,
  `add chain ${table} postrouting { type nat hook postrouting priority 100 ; }`,
  `flush chain ${table} postrouting`,
  `add rule ${table} postrouting ip daddr == 224.0.0.0/4 return`,
  `add rule ${table} postrouting ip6 daddr == ff00::/8 return`,
  `add rule ${table} postrouting goto masq_checks`,
]

function comment({ network, ifname, containerID }: Attachment): string {
  const digits = (text: string) => createHash('sha512').update(text).digest('hex').slice(0, 16)
  const tag = `${digits(network)}-${digits(`${ifname}:${containerID}`)}`
  return `${tag}, net: ${network}, if: ${ifname}, id: ${containerID}`.slice(0, 128)
}

/** What every version of the reference gives to nft for `macspoofchk`. */
export function checkMacByNftables({ containerID, ifname }: Attachment, port: string, mac: string): void {
  const id = `${containerID}-${ifname}`
  const [own, note] = [`cni-br-iface-${id}`, `comment "macspoofchk-${id}"`]
  runNft([
    'add table bridge nat',
    'add chain bridge nat PREROUTING { type filter hook prerouting priority -300; policy accept; }',
    `add chain bridge nat ${own}`,
    `add chain bridge nat ${own}-mac`,
    `add rule bridge nat PREROUTING iifname == ${port} jump ${own} ${note}`,
    `add rule bridge nat ${own} jump ${own}-mac ${note}`,
    `add rule bridge nat ${own}-mac ether saddr == ${mac} return ${note}`,
    `add rule bridge nat ${own}-mac drop ${note}`,
  ])
}

/** What the reference's portmap gives to nft for a container's address. 1.9 looks at local destinations only, and has one chain for all. */
export function mapByNftables(
  containerID: string,
  address: string,
  mappings: readonly Mapping[],
  version: '1.6' | '1.9' = '1.9',
): void {
  const family = address.includes(':') ? 6 : 4
  const ip = family === 6 ? 'ip6' : 'ip'
  const at = `${ip} cni_hostport`
  const own = mappings.filter(({ hostIP }) => !hostIP || hostIP.family === family)
  const target = family === 6 ? `[${address}]` : address
  const rules = own.map(({ protocol, hostPort, containerPort, hostIP }) => {
    const chain = hostIP && version === '1.6' ? 'hostip_hostports' : 'hostports'
    const only = hostIP ? `${ip} daddr ${formatAddress(hostIP)} ` : ''
    return `add rule ${at} ${chain} ${only}${protocol} dport ${hostPort} dnat to ${target}:${containerPort} comment "${containerID}"`
  })
  const sources = [address, ...(family === 4 ? ['127.0.0.1'] : [])].map(
    (source) =>
      `add rule ${at} masquerading ${ip} saddr ${source} ${ip} daddr ${address} masquerade comment "${containerID}"`,
  )
  runNft([...portmapFrame(at, version), ...rules, ...sources])
}

function portmapFrame(at: string, version: '1.6' | '1.9'): string[] {
  const hook = (name: string) => [
    `add chain ${at} ${name} { type nat hook ${name} priority -100 ; }`,
    `flush chain ${at} ${name}`,
    ...(version === '1.9'
      ? [`add rule ${at} ${name} fib daddr type local jump hostports_all`]
      : [`add rule ${at} ${name} jump hostip_hostports`, `add rule ${at} ${name} jump hostports`]),
  ]
  const all = [
    `add chain ${at} hostports_all`,
    `flush chain ${at} hostports_all`,
    `add rule ${at} hostports_all jump hostip_hostports`,
    `add rule ${at} hostports_all jump hostports`,
  ]
  return [
    `add table ${at} { comment "CNI portmap plugin" ; }`,
    `add chain ${at} hostports`,
    `add chain ${at} hostip_hostports`,
    ...(version === '1.9' ? all : []),
    ...hook('prerouting'),
    ...hook('output'),
    `add chain ${at} masquerading { type nat hook postrouting priority 100 ; }`,
  ]
}

function runNft(lines: string[]): void {
  command('nft', lines.join('\n'))
}
