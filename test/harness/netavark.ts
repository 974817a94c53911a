/** The executable as netavark calls it, by the name of a driver, with podman's JSON. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { remember } from './explain.ts'
import { type Netns, scratch } from './host.ts'
import { type Engine, executables } from './plugin.ts'

/** A network as podman writes it (`podman network inspect`, in netavark's form). */
export interface Network {
  name: string
  id: string
  driver: string
  dns_enabled: boolean
  internal: boolean
  ipv6_enabled: boolean
  network_interface: string | null
  options?: Record<string, string>
  ipam_options?: Record<string, string>
  subnets?: { subnet: string; gateway?: string }[]
  routes?: { destination: string; gateway?: string; metric?: number; route_type?: string }[]
  network_dns_servers?: string[]
}

export interface PortMapping {
  container_port: number
  host_port: number
  host_ip: string
  protocol: string
  range: number
}

/** What `setup` answers. */
export interface StatusBlock {
  interfaces: Record<string, { mac_address: string; subnets: { ipnet: string; gateway?: string }[] }>
  dns_server_ips: string[]
  dns_search_domains: string[]
}

/** A container of a network. */
export interface Wishes {
  static_ips?: string[]
  static_mac?: string
  interface_name?: string
  container_id?: string
  options?: Record<string, string>
  port_mappings?: PortMapping[]
}

/** How a call ended: `json` is standard output. */
export interface Outcome {
  status: number | null
  json: Record<string, unknown> | undefined
  stderr: string
}

let networks = 0

/** A network with an ID of its own. */
export function podmanNetwork(driver: string, more: Partial<Network> = {}): Network {
  const number = ++networks
  const id = number.toString(16).padStart(8, '0').repeat(8)
  const flags = { dns_enabled: true, internal: false, ipv6_enabled: false, network_interface: null }
  return { name: `net${number}`, id, driver, ...flags, ...more }
}

interface DriveOptions {
  engine?: Engine
  env?: Record<string, string>
  stdout?: number
}

/** Calls a driver. Text is written unchanged. @param options `stdout`: a descriptor in the place of a pipe */
export function drive(
  driver: string,
  words: readonly string[],
  input: object | string,
  { engine = 'quickjs', env = {}, stdout: own }: DriveOptions = {},
): Outcome {
  const file = join(drivers(engine), driver)
  if (!existsSync(file)) symlinkSync(join(executables(engine), 'patchbay'), file)
  const made = {
    file,
    args: [...words],
    env: { PATH: process.env.PATH ?? '', ...env },
    input: typeof input === 'string' ? input : JSON.stringify(input),
  }
  const { status, stdout, stderr } = spawnSync(file, made.args, {
    ...made,
    stdio: ['pipe', own ?? 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 60_000,
  })
  remember(made, { status: status ?? undefined, stdout: stdout ?? '', stderr })
  return { status, json: stdout ? JSON.parse(stdout) : undefined, stderr }
}

function drivers(engine: Engine): string {
  const directory = `${scratch}/netavark-${engine}`
  mkdirSync(directory, { recursive: true })
  return directory
}

/** The network that `create` answers. @throws with its error */
export function create(network: Network): Network {
  return fine(drive(network.driver, ['create'], network)) as unknown as Network
}

/** The error of `create`. */
export function createError(network: Network): string {
  return errorOf(drive(network.driver, ['create'], network))
}

let containers = 0

/** podman's JSON for a container of a network. */
export function attachment(network: Network, wishes: Wishes = {}): Record<string, unknown> {
  const { container_id = (++containers).toString(16).padStart(64, 'c'), port_mappings, ...own } = wishes
  return {
    container_id,
    container_name: 'box',
    ...(port_mappings && { port_mappings }),
    network,
    network_options: { interface_name: 'eth0', aliases: [], ...own },
  }
}

/** @throws with the driver's error */
export function setup(input: Record<string, unknown>, { path }: Netns): StatusBlock {
  return fine(drive(driverOf(input), ['setup', path], input)) as unknown as StatusBlock
}

export function setupError(input: Record<string, unknown>, { path }: Netns): string {
  return errorOf(drive(driverOf(input), ['setup', path], input))
}

/** @throws with the driver's error */
export function teardown(input: Record<string, unknown>, { path }: Netns): void {
  fine(drive(driverOf(input), ['teardown', path], input))
}

function driverOf({ network }: Record<string, unknown>): string {
  return (network as Network).driver
}

function fine({ status, json, stderr }: Outcome): Record<string, unknown> {
  if (status !== 0) throw new Error(String(json?.error ?? stderr))
  return json ?? {}
}

/** The sentence that podman shows its user. */
export function errorOf({ status, json }: Outcome): string {
  if (status === 0) throw new Error('it was accepted')
  return String(json?.error)
}
