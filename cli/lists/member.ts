/** What ADD says of one plugin's configuration, without being called: the same schemas, the same words. */

import { originsOfKeys } from '../../shared/cni/foreign.ts'
import { nameWithin } from '../../shared/cni/name-within.ts'
import type { Plugin, Registry } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import { inWords, isForeign, isMisspelt, judge, unknownKeysIn } from '../../shared/config/unknown.ts'
import { isOwnIpam, typeMissing } from '../../shared/ipam/ipam.ts'
import { error, type Fault, faultsOf, warning } from './finding.ts'
import type { Finder } from './installed.ts'
import { leaseFaults } from './lease.ts'
import type { Member } from './network.ts'
import { storeFaults } from './store.ts'

type Raw = Record<string, unknown>

/** The plugin of a type, which may have the name within. */
export async function pluginOf(type: string, registry: Registry): Promise<Plugin | undefined> {
  return registry[nameWithin(type, Object.keys(registry)) ?? '']?.()
}

/** What is wrong with a member that is one of our plugins; nothing of another project's. */
export async function memberFaults(member: Member, registry: Registry, finder: Finder): Promise<Fault[]> {
  const plugin = finder.isChecked(member.type) ? await pluginOf(member.type, registry) : undefined
  if (!plugin) return []
  const faults = await configurationFaults(plugin, member.raw, registry, false)
  const all = [
    ...faults,
    ...(await ipamFaults(member.raw, registry)),
    ...unaskedCapability(plugin, member.raw),
  ]
  return [...all, ...storeFaults(member, all), ...leaseFaults(member)].map((fault) => ({
    ...fault,
    within: member.path,
  }))
}

/** @param isIpam whether only the section `ipam` is the plugin's own */
async function configurationFaults(
  plugin: Plugin,
  given: Raw,
  registry: Registry,
  isIpam: boolean,
): Promise<Fault[]> {
  const raw = plugin.config.canonical(given)
  const origins = await originsOfKeys(plugin, raw, registry)
  const isOwn = ({ path }: { path: readonly PropertyKey[] }) => !isIpam || path.length > 1
  const judged = judge(unknownKeysIn(plugin.config.shape, raw).filter(isOwn), origins)
  const ignored = judged.filter((key) => !isMisspelt(key))
  return [
    ...whatAddSays(plugin, raw, origins),
    ...ignored.map((key) => warning(`key without effect here: ${inWords(key)}`)),
  ]
}

function whatAddSays(plugin: Plugin, raw: Raw, origins: Parameters<Plugin['config']['parse']>[2]): Fault[] {
  const warnings: string[] = []
  try {
    plugin.config.parse(raw, { warn: (msg) => void warnings.push(msg), info() {} }, origins)
    // Of keys without effect, ADD has one warning for all.
    return warnings.filter((msg) => !msg.startsWith('keys without effect')).map((msg) => warning(msg))
  } catch (cause) {
    return faultsOf(cause)
  }
}

async function ipamFaults(raw: Raw, registry: Registry): Promise<Fault[]> {
  const { ipam } = raw
  if (!isObject(ipam)) return []
  const { type, ...keys } = ipam
  if (type === undefined || type === '')
    return Object.keys(keys).every(isForeign) ? [] : [{ severity: 'error', ...typeMissing }]
  if (typeof type !== 'string') return []
  if (!isOwnIpam(type)) return wrongKind(type, registry)
  const plugin = await pluginOf(type, registry)
  const faults = plugin ? await configurationFaults(plugin, raw, registry, true) : []
  const inner = await Promise.all(partsOf(ipam).map((part) => ipamFaults({ ...raw, ipam: part }, registry)))
  return [...faults, ...inner.flatMap((some, at) => some.map((fault) => inPart(fault, at)))]
}

/** The sections of an ipam-list. */
export function partsOf({ type, list }: Raw): Raw[] {
  return String(type).includes('ipam-list') && Array.isArray(list) ? list.filter(isObject) : []
}

/** A section's plugin speaks of `ipam`, wherever the section stands. */
function inPart({ msg, ...fault }: Fault, at: number): Fault {
  return { ...fault, msg: msg.replace(/\bipam\b/g, `ipam.list[${at}]`) }
}

function wrongKind(type: string, registry: Registry): Fault[] {
  if (!Object.hasOwn(registry, type)) return []
  return [
    error(
      `ipam.type is ${JSON.stringify(type)}, a plugin of Patchbay that gives no addresses`,
      'write host-local, pool, static, dhcp or ipam-list, or another IPAM plugin; for a network without addresses leave ipam out',
    ),
  ]
}

/** Plugins that do nothing unless the runtime hands them values, which it does for a declared capability alone. */
const capabilities: Readonly<Record<string, { name: string; instead: readonly string[] }>> = {
  portmap: { name: 'portMappings', instead: [] },
  bandwidth: { name: 'bandwidth', instead: ['ingressRate', 'egressRate'] },
}

function unaskedCapability({ name, config }: Plugin, given: Raw): Fault[] {
  const needed = capabilities[name]
  const raw = config.canonical(given)
  const declared = isObject(raw.capabilities) ? raw.capabilities : {}
  if (!needed || declared[needed.name] === true || needed.instead.some((key) => raw[key] !== undefined))
    return []
  if (isObject(raw.runtimeConfig) && raw.runtimeConfig[needed.name] !== undefined) return []
  return [
    warning(
      `${name} does nothing here: without the capability ${needed.name} the runtime hands it no values`,
      `write "capabilities": {"${needed.name}": true}`,
    ),
  ]
}
