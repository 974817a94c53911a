/**
 * Modules that few calls use. They are not in the heap, of which every call has the whole, but beside it as bytecode: the call that
 * imports one reads it, which takes 0.1 to 0.3 ms for a plugin (docs/engine.md). Only `import('…')` may import them.
 */

import { globSync } from 'node:fs'

const root = new URL('../..', import.meta.url).pathname

const verbs = globSync('cli/verbs/*.ts', { cwd: root }).sort()

/** Paths from the root, and why few calls use a module. */
export const rareModules: Readonly<Record<string, string>> = {
  ...Object.fromEntries(verbs.map((path) => [path, "the operator's"])),
  'cli/form/yaml.ts': "the operator's",
  'cli/operate.ts': "the operator's",
  'netavark/run.ts': 'podman 5 and newer',
  'plugins/bond/plugin.ts': 'hosts with several NICs',
  'plugins/bond/team/plugin.ts': 'hosts with several NICs',
  'plugins/can/vcan/plugin.ts': 'CAN',
  'plugins/can/vxcan/plugin.ts': 'CAN',
  'plugins/host-device/plugin.ts': 'NICs that are lent to a container',
  'plugins/ipvlan/ipvtap/plugin.ts': 'virtual machines',
  'plugins/macsec/plugin.ts': 'encryption on the wire',
  'plugins/macvlan/macvtap/plugin.ts': 'virtual machines',
  'plugins/sbr/plugin.ts': 'several interfaces in a container',
  'plugins/tap/plugin.ts': 'virtual machines',
  'plugins/tuning/regexp/match.ts': "an operator's list of sysctls",
  'plugins/vrf/plugin.ts': 'several routing tables in a container',
  'plugins/vxlan/plugin.ts': 'networks over several hosts',
  'plugins/wire/plugin.ts': 'links between two containers',
  'shared/attachment/probe.ts': 'networks that probe their addresses',
  'shared/call-log/record.ts': 'the log of calls, where it is switched on',
  'shared/firewall/filter-iptables.ts': 'hosts whose FORWARD drops, Nomad, and hosts without nftables',
  'shared/firewall/firewalld.ts': 'hosts with firewalld',
  'shared/firewall/masquerade-iptables.ts':
    'masquerade by iptables: a key asks for it, or nftables is missing',
  'shared/firewall/portmap-guard.ts': 'host ports of 127.0.0.1 by iptables',
  'shared/firewall/portmap-iptables.ts': 'host ports by iptables: a key asks for it, or nftables is missing',
  'shared/firewall/reference-masquerade.ts': "rules that the reference's plugins made",
  'shared/ipam/dhcp/plugin.ts': 'addresses of DHCP servers',
  'shared/ipam/ipam-list/plugin.ts': 'addresses by several IPAM plugins',
}
