/** How an attachment is deleted: as it was added, or else as its network is configured now. */

import { netavarksOwn } from '../../netavark/drivers.ts'
import { attachmentKey } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { versions } from '../../shared/cni/version.ts'
import { isObject } from '../../shared/config/json.ts'
import type { Cached } from './cache-entry.ts'
import type { Configurations } from './configurations.ts'

type Raw = Record<string, unknown>

/** What DEL of an attachment needs: the plugins in their order, and what a runtime adds to each. */
export interface Chain {
  cniVersion: string
  plugins: Raw[]
  /** CNI_ARGS. */
  args: string
  capabilities: Raw
  result?: Raw
}

/** The plugins of an attachment; undefined when neither a cache nor a file of /etc/cni/net.d has its network. */
export function chainOf(attachment: Attachment, { cached, configured }: Configurations): Chain | undefined {
  const key = attachmentKey(attachment)
  const own = cached.find((one) => attachmentKey(one) === key)
  if (own) return cachedChain(own)
  const members = configured.filter(({ network }) => network === attachment.network)
  const [first] = members
  if (!first) return undefined
  const plugins = members.filter(({ file }) => file === first.file).map(({ raw }) => raw)
  return { cniVersion: versionOf(first.raw), plugins, args: '', capabilities: {} }
}

/** The network of podman's that a driver of ours makes; netavark's own networks are none of ours. */
export function podmanNetwork({ network }: Attachment, { podman }: Configurations): Raw | undefined {
  return podman.find(({ name, driver }) => name === network && !isOfNetavark(driver))
}

/** The plugins that ADD was called for. */
export function cachedChain({ configuration, args, capabilities, result }: Cached): Chain {
  const { plugins = [configuration] } = configuration
  const members = Array.isArray(plugins) ? plugins.filter(isObject) : []
  return { cniVersion: versionOf(configuration), plugins: members, args, capabilities, result }
}

function isOfNetavark(driver: unknown): boolean {
  return driver === undefined || netavarksOwn.includes(String(driver))
}

/** The newest version of a list that says it may be used by several (`cniVersions`, libcni 1.2). */
export function versionOf({ cniVersion, cniVersions }: Raw): string {
  const named = [cniVersion, ...(Array.isArray(cniVersions) ? cniVersions : [])]
  const newest = versions.findLast((version) => named.includes(version))
  return newest ?? (typeof cniVersion === 'string' ? cniVersion : '0.1.0')
}
