/** The reference's plugins, of Debian's package containernetworking-plugins, and the rules that a newer version makes. */

import { createHash } from 'node:crypto'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { command } from './command.ts'
import { type Answer, type Call, type Configuration, call } from './plugin.ts'

const directory = '/usr/lib/cni'

/** Calls a plugin of the reference, as `call` calls ours. */
export function reference(request: Call & { config: Configuration }): Promise<Answer> {
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

function runNft(lines: string[]): void {
  command('nft', lines.join('\n'))
}
