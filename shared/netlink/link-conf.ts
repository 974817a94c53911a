/** The settings of a link in net/ipv4/conf and net/ipv6/conf, as its message has them (IFLA_AF_SPEC): all at once, without reading files. */

import { attributesIn } from './attributes.ts'
import { AF_INET, AF_SPEC, INET_CONF } from './ipv4-conf.ts'
import { type LinkName, showLink } from './link.ts'
import { ask, type Socket } from './socket.ts'

const HEADER_LENGTH = 16
const AF_INET6 = 10
/** In IFLA_AF_SPEC: IFLA_INET6_CONF (include/uapi/linux/if_link.h). */
const INET6_CONF = 2

/** The values by number: IPV4_DEVCONF_* less one (include/uapi/linux/ip.h), and DEVCONF_* (include/uapi/linux/ipv6.h). */
export interface LinkConf {
  ipv4: number[]
  ipv6: number[]
}

/** Reads the settings; a family that the link does not have is empty. */
export function readConf(socket: Socket, { index }: LinkName): LinkConf {
  const [reply] = ask(socket, showLink(index))
  const families = attributesIn(attributesIn(reply?.data ?? none, HEADER_LENGTH)(AF_SPEC) ?? none)
  const of = (family: number, type: number) => numbers(attributesIn(families(family) ?? none)(type))
  return { ipv4: of(AF_INET, INET_CONF), ipv6: of(AF_INET6, INET6_CONF) }
}

const none = Buffer.alloc(0)

function numbers(values: Buffer = none): number[] {
  return Array.from({ length: values.length >> 2 }, (_, index) => values.readInt32LE(index * 4))
}

/** The files of IPv6's settings by number (include/uapi/linux/ipv6.h). Number 36 is stable_secret, whose value is not sent. */
export const ipv6Settings: readonly string[] = [
  ...['forwarding', 'hop_limit', 'mtu', 'accept_ra', 'accept_redirects', 'autoconf', 'dad_transmits'],
  ...['router_solicitations', 'router_solicitation_interval', 'router_solicitation_delay', 'use_tempaddr'],
  ...['temp_valid_lft', 'temp_prefered_lft', 'regen_max_retry', 'max_desync_factor', 'max_addresses'],
  ...[
    'force_mld_version',
    'accept_ra_defrtr',
    'accept_ra_pinfo',
    'accept_ra_rtr_pref',
    'router_probe_interval',
  ],
  ...['accept_ra_rt_info_max_plen', 'proxy_ndp', 'optimistic_dad', 'accept_source_route', 'mc_forwarding'],
  ...['disable_ipv6', 'accept_dad', 'force_tllao', 'ndisc_notify', 'mldv1_unsolicited_report_interval'],
  ...['mldv2_unsolicited_report_interval', 'suppress_frag_ndisc', 'accept_ra_from_local', 'use_optimistic'],
  ...['accept_ra_mtu', 'stable_secret', 'use_oif_addrs_only', 'accept_ra_min_hop_limit'],
  ...[
    'ignore_routes_with_linkdown',
    'drop_unicast_in_l2_multicast',
    'drop_unsolicited_na',
    'keep_addr_on_down',
  ],
  ...[
    'router_solicitation_max_interval',
    'seg6_enabled',
    'seg6_require_hmac',
    'enhanced_dad',
    'addr_gen_mode',
  ],
  ...['disable_policy', 'accept_ra_rt_info_min_plen', 'ndisc_tclass', 'rpl_seg_enabled', 'ra_defrtr_metric'],
  ...['ioam6_enabled', 'ioam6_id', 'ioam6_id_wide', 'ndisc_evict_nocarrier', 'accept_untracked_na'],
  ...['accept_ra_min_lft', 'force_forwarding'],
]

/** Those that are seconds in the file, and milliseconds in the message. */
const inSeconds = /^(router_solicitation_(max_)?interval|router_solicitation_delay|router_probe_interval)$/

/** A value as the setting's file has it. */
export function ipv6Text(name: string, value: number): string {
  return String(inSeconds.test(name) ? Math.trunc(value / 1000) : value)
}
