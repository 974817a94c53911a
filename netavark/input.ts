/** What netavark writes to a driver's standard input (plugin-API.md, and types.rs in netavark's sources). */

import { complaintsOf, invalidConfig } from '../shared/config/issues.ts'
import { takeObject } from '../shared/config/lenient.ts'
import {
  boolean,
  cidr,
  integer,
  ip,
  list,
  mac,
  type Output,
  open,
  optional,
  record,
  type Shape,
  string,
} from '../shared/config/schema.ts'
import { validateObject } from '../shared/config/strict.ts'
import { silent } from '../shared/error/log.ts'

const port = integer({ min: 1, max: 65535 })

const subnet = open({ subnet: cidr, gateway: optional(ip) })

const route = open({
  destination: cidr,
  gateway: optional(ip),
  metric: optional(integer({ min: 0, max: 4294967295 })),
  route_type: optional(string),
})

const portMapping = open({
  container_port: port,
  host_port: port,
  host_ip: string,
  protocol: string,
  // 0 is 1, as in podman.
  range: integer({ min: 0, max: 65535 }),
})

/** The keys of a network. */
export const networkShape = {
  name: string,
  id: string,
  driver: string,
  internal: boolean,
  network_interface: optional(string),
  options: optional(record(string)),
  ipam_options: optional(record(string)),
  subnets: optional(list(subnet)),
  routes: optional(list(route)),
  network_dns_servers: optional(list(ip)),
}

/** The keys of a container of a network. */
export const attachmentShape = {
  container_id: string,
  port_mappings: optional(list(portMapping)),
  network: open(networkShape),
  network_options: open({
    interface_name: string,
    static_ips: optional(list(ip)),
    static_mac: optional(mac),
    options: optional(record(string)),
  }),
}

/** Without these, there is nothing to tear down. */
const required = ['container_id', 'network', 'network_options'] as const

/** A network, as `podman network create` describes it. */
export type Network = Output<typeof attachmentShape.network>
export type Subnet = Output<typeof subnet>
export type PortMapping = Output<typeof portMapping>

/** A container of a network: the input of `setup` and `teardown`. */
export interface Attachment {
  container_id: string
  network: Network
  network_options: Output<typeof attachmentShape.network_options>
  port_mappings?: PortMapping[]
}

/** @throws CniError of code 7 */
export function readNetwork(value: Record<string, unknown>): Network {
  return read(networkShape, value) as Network
}

/** @throws CniError of code 7 */
export function readAttachment(value: Record<string, unknown>): Attachment {
  return read(attachmentShape, value) as unknown as Attachment
}

/** For `teardown`: the valid parts. @throws CniError of code 7 when the container or the network is not among them */
export function readAttachmentLeniently(value: Record<string, unknown>): Attachment {
  const kept = takeObject(attachmentShape, value, silent)
  const isWhole = required.every((key) => kept[key] !== undefined)
  return isWhole ? (kept as unknown as Attachment) : readAttachment(value)
}

/** Keys that this version does not know stay unread: podman's next version may have more. */
function read(shape: Shape, value: Record<string, unknown>): unknown {
  const { data, issues } = validateObject(shape, value)
  if (issues.length > 0) throw invalidConfig(complaintsOf(issues, value))
  return data
}

/** netavark writes an absent value as null. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const present = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item)]))
}
