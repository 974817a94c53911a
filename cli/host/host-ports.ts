/** The host ports of attachments: as portmap has recorded them, or as the runtime has asked for them. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { kept, type PortmapRecord } from '../../shared/firewall/portmap-record.ts'
import type { Cached } from './cache-entry.ts'
import { objectsIn } from './result-facts.ts'

/** A port of the host that leads to a container. */
export interface HostPort {
  protocol: string
  hostPort: number
  containerPort: number
  /** The one address of the host that has it. */
  hostIP?: string
}

/** The records of portmap, by attachment. @throws KernelError */
export function portRecords(): ReadonlyMap<string, PortmapRecord> {
  return new Map(kept.all().map((record) => [attachmentKey(record as Attachment), record]))
}

/** Each port once: a record has it for each family. Without a record they are those of the cache, if its list has portmap. */
export function portsOf(record: PortmapRecord | undefined, cached: Cached | undefined): HostPort[] {
  const recorded = record?.rules.flatMap(({ mappings }) => mappings)
  const ports = recorded?.map(({ protocol, hostPort, containerPort, hostIP }) => ({
    ...{ protocol, hostPort, containerPort },
    ...(hostIP && { hostIP }),
  }))
  const all = ports ?? (cached && asked(cached)) ?? []
  return [...new Map(all.map((port) => [formatPort(port), port])).values()]
}

function asked({ capabilities, configuration }: Cached): HostPort[] {
  const members = objectsIn(configuration.plugins)
  if (!members.some(({ type }) => typeof type === 'string' && type.includes('portmap'))) return []
  return objectsIn(capabilities.portMappings).flatMap(({ hostPort, containerPort, protocol, hostIP }) => {
    if (!isPort(hostPort) || !isPort(containerPort)) return []
    const isText = typeof hostIP === 'string' && hostIP !== ''
    return [
      {
        ...{ protocol: String(protocol ?? 'tcp').toLowerCase(), hostPort, containerPort },
        ...(isText && { hostIP }),
      },
    ]
  })
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536
}

/** `8080->80/tcp`, with the host's address before it where only that one has the port. */
export function formatPort({ protocol, hostPort, containerPort, hostIP }: HostPort): string {
  const host = hostIP ? `${hostIP.includes(':') ? `[${hostIP}]` : hostIP}:${hostPort}` : hostPort
  return `${host}->${containerPort}/${protocol}`
}
