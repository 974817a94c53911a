/** dnsmasq as server of DHCP, DHCPv6 and router advertisements, and as relay. `// packages: dnsmasq-base`, a package without a service. */

import { existsSync, readFileSync } from 'node:fs'
import type { Station } from './dhcp-segment.ts'
import { filesOf, type Server, serverIn } from './dhcp-server.ts'
import { setSysctl } from './host.ts'

export interface DnsmasqConfig {
  /**
   * As `--dhcp-range` has them, with a lease time of 2 minutes at least, as shorter ones are made 2 minutes long: `10.1.0.100,10.1.0.110,2m`;
   * `fd00:1::100,fd00:1::1ff,64,2m` (stateful), `fd00:1::,ra-only`, `fd00:1::,slaac`; the last ones with `ra`.
   */
  ranges: readonly string[]
  /** By number or by dnsmasq's name: `{ router: '10.1.0.1', 26: '1400', 119: 'a.example,b.example', 'option6:dns-server': '[fd00::1]' }`. An empty text leaves a usual one out. */
  options?: Readonly<Record<string, string>>
  /** As `--dhcp-host` has them: `02:00:00:00:00:01,10.1.0.7`, `id:01:02,10.1.0.8`. */
  hosts?: readonly string[]
  /** Sends router advertisements; they have M and O flags as the ranges want them. */
  ra?: boolean
  /** Whether a client that asks for what this server does not know gets a NAK at once. Default: yes. */
  authoritative?: boolean
  /** Options of the command line besides. */
  words?: readonly string[]
}

/** A line of its lease file. */
export interface DnsmasqLease {
  address: string
  /** Hexadecimal with colons. Of DHCPv6: none. */
  mac?: string
  /** Hexadecimal with colons; of DHCPv6 the DUID. */
  clientId?: string
  hostname?: string
  /** Seconds since 1970. */
  expiry: number
}

export interface Dnsmasq extends Server {
  leases(): DnsmasqLease[]
  /** Ends it and starts it with its leases, and a configuration that differs in these keys. */
  restart(change?: Partial<DnsmasqConfig>): Promise<Dnsmasq>
}

/** Starts dnsmasq on a station's NIC. It does not ping before it offers an address, which takes three seconds. */
export function dnsmasqOn(at: Station, config: DnsmasqConfig, files = filesOf('dnsmasq')): Promise<Dnsmasq> {
  const ranges = config.ranges.map((range) => `--dhcp-range=${range}`)
  const hosts = (config.hosts ?? []).map((host) => `--dhcp-host=${host}`)
  const options = Object.entries(config.options ?? {}).map(([key, value]) => optionOf(key, value))
  const flags = [
    ...(config.ra ? ['--enable-ra'] : []),
    ...(config.authoritative === false ? [] : ['--dhcp-authoritative']),
  ]
  // Else its neighbour advertisements say that it is no router, and clients remove their default route.
  if (config.ra) setSysctl('net/ipv6/conf/all/forwarding', 1, at.name)
  const words = [...ranges, ...hosts, ...options, ...flags, '--no-ping', ...(config.words ?? [])]
  return begin(at, files, words, (change) => dnsmasqOn(at, { ...config, ...change }, files))
}

/**
 * Starts dnsmasq as a relay.
 * @param at its NIC on the clients' segment
 * @param own its address there, by which the server knows the segment (giaddr, link-address)
 * @param server the server's address, of the same family
 */
export function relayOn(at: Station, own: string, server: string): Promise<Server> {
  const files = filesOf('relay')
  const again = () => begin(at, files, [`--dhcp-relay=${own},${server}`], again)
  return again()
}

function optionOf(key: string, value: string): string {
  const name = /^\d+$|:/.test(key) ? key : `option:${key}`
  return `--dhcp-option=${name}${value && `,${value}`}`
}

const usual = ['--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--port=0', '--log-dhcp']

async function begin(
  at: Station,
  files: string,
  words: readonly string[],
  again: (change?: Partial<DnsmasqConfig>) => Promise<Dnsmasq>,
): Promise<Dnsmasq> {
  const path = `${files}.leases`
  const args = [...usual, `--dhcp-leasefile=${path}`, ...words]
  const server = await serverIn(at, files, { file: 'dnsmasq', args, ready: 'started, version' })
  return {
    ...server,
    leases: () => (existsSync(path) ? leasesIn(readFileSync(path, 'utf8')) : []),
    restart: async (change) => {
      await server.end()
      return again(change)
    },
  }
}

/** Lines `EXPIRY MAC ADDRESS HOSTNAME CLIENT-ID`; after the server's `duid` those of DHCPv6, `EXPIRY IAID ADDRESS HOSTNAME DUID`. `*` is none. */
function leasesIn(text: string): DnsmasqLease[] {
  const lines = text.split('\n').map((line) => line.split(' '))
  const change = lines.findIndex(([word]) => word === 'duid')
  return lines.flatMap(([expiry, mac, address, hostname, clientId], index) => {
    if (!address) return []
    const lease = { address, clientId: known(clientId), hostname: known(hostname), expiry: Number(expiry) }
    return [change >= 0 && index > change ? lease : { ...lease, mac: known(mac) }]
  })
}

function known(word: string | undefined): string | undefined {
  return word === '*' ? undefined : word
}
