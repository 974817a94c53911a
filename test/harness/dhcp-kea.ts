/** Kea, a server of DHCP and one of DHCPv6, whose leases can be as short as a test needs. `// unpacked: kea-dhcp4-server, kea-dhcp6-server`. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Family } from '../../shared/ip/address.ts'
import type { Station } from './dhcp-segment.ts'
import { filesOf, type Server, serverIn } from './dhcp-server.ts'
import { unpacked } from './unpacked.ts'

export interface KeaConfig {
  /** CIDR; its family is the server's. */
  subnet: string
  /** As Kea has it: `10.1.0.100-10.1.0.199`. */
  pool: string
  /** Seconds: the lease, T1, T2. Default: 4, 1, 2. */
  times?: readonly [number, number, number]
  /** By Kea's names: `{ routers: '10.1.0.1', 'domain-name-servers': '10.1.0.2' }`. */
  options?: Readonly<Record<string, string>>
  /** Keys of the subnet besides: `{ reservations: […], 'rapid-commit': true }`. */
  keys?: Readonly<Record<string, unknown>>
  /** Keys of the server besides: `{ authoritative: true }`. */
  global?: Readonly<Record<string, unknown>>
}

export interface KeaLease {
  address: string
  /** Hexadecimal with colons. */
  mac?: string
  /** Hexadecimal with colons; of DHCPv6 the DUID. */
  clientId?: string
  hostname?: string
  /** Seconds since 1970. */
  expiry: number
}

export interface Kea extends Server {
  /** Those that were not released, be they expired. */
  leases(): KeaLease[]
  /** Ends it and starts it with its leases, and a configuration that differs in these keys. */
  restart(change?: Partial<KeaConfig>): Promise<Kea>
}

/** Newer versions keep leases nowhere else. */
const directory = '/var/lib/kea'

/** Starts the server of a family on a station's NIC. */
export async function keaOn(at: Station, config: KeaConfig, files = filesOf('kea')): Promise<Kea> {
  const family: Family = config.subnet.includes(':') ? 6 : 4
  const path = `${directory}/${files.split('/').at(-1)}.csv`
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    `${files}.conf`,
    JSON.stringify({ [`Dhcp${family}`]: configuration(at, family, path, config) }),
  )
  const server = await serverIn(at, files, programOf(family, files))
  return {
    ...server,
    leases: () => (existsSync(path) ? leasesIn(readFileSync(path, 'utf8')) : []),
    restart: async (change) => {
      await server.end()
      return keaOn(at, { ...config, ...change }, files)
    },
  }
}

function programOf(family: Family, files: string) {
  const { file, env } = unpacked(`kea-dhcp${family}-server`, `usr/sbin/kea-dhcp${family}`)
  const own = { KEA_PIDFILE_DIR: '/run/test', KEA_LOCKFILE_DIR: 'none' }
  return { file, args: ['-c', `${files}.conf`], env: { ...env, ...own }, ready: `DHCP${family}_STARTED` }
}

/** The server of DHCP has raw sockets, by which it answers clients that have no address yet. */
function configuration({ ifname, mac }: Station, family: Family, path: string, config: KeaConfig): object {
  const { subnet, pool, options = {}, times = [4, 1, 2], keys, global } = config
  const data = Object.entries(options).map(([name, text]) => ({ name, data: text }))
  const one = { id: 1, subnet, interface: ifname, pools: [{ pool }], 'option-data': data, ...keys }
  const [lease, renew, rebind] = times
  return {
    'interfaces-config': { interfaces: [ifname], ...(family === 4 && { 'dhcp-socket-type': 'raw' }) },
    'lease-database': { type: 'memfile', name: path, 'lfc-interval': 0 },
    ...{ 'valid-lifetime': lease, 'renew-timer': renew, 'rebind-timer': rebind },
    ...(family === 6 && { 'preferred-lifetime': lease, 'server-id': duidOf(mac) }),
    [`subnet${family}`]: [one],
    ...global,
  }
}

/** Without it Kea keeps one in a file, which all servers of the test would share. */
function duidOf(mac: string): object {
  return { type: 'LL', htype: 1, identifier: mac.replaceAll(':', ''), persist: false }
}

/** A file of CSV to which each change is appended: the last line of an address counts. A released one has lived for 0 seconds. */
function leasesIn(text: string): KeaLease[] {
  const [header = '', ...lines] = text.trim().split('\n')
  const names = header.split(',')
  const rows = lines.map((line) => line.split(',')).map((row) => (name: string) => row[names.indexOf(name)])
  const last = new Map(rows.map((row) => [row('address'), row]))
  const held = [...last.values()].filter((row) => row('valid_lifetime') !== '0' && row('state') === '0')
  return held.map((row) => ({
    address: row('address') ?? '',
    mac: row('hwaddr') || undefined,
    clientId: row('client_id') || row('duid') || undefined,
    hostname: row('hostname') || undefined,
    expiry: Number(row('expire')),
  }))
}
