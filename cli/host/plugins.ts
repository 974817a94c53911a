/** Deletes an attachment as libcni does: DEL of its plugins, the last first, each by its executable. */

import { environment } from '#engine'
import { nameWithin } from '../../shared/cni/name-within.ts'
import type { Attachment, Registry } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import { runAllNow } from '../../shared/error/steps.ts'
import { executeIn, findPlugin } from '../../shared/ipam/delegate.ts'
import { readLink, remove } from '../../shared/kernel/files.ts'
import { stat } from '../../shared/kernel/stat.ts'
import type { Chain } from './chain.ts'

type Raw = Record<string, unknown>

/** Where plugins of other projects are looked for: the usual directories of runtimes. */
const standard = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni']

/** Versions whose DEL has no result: spec 0.4.0 gave it one. */
const withoutResult = ['0.1.0', '0.2.0', '0.3.0', '0.3.1']

/** Calls DEL of all plugins, also after a failure, and then removes the cache's entry. @throws CniError of the first failure */
export function removeByPlugins(attachment: Attachment, chain: Chain, registry: Registry): void {
  const env = environmentOf(attachment, chain)
  const steps = chain.plugins.toReversed().map((plugin) => () => {
    const path = isOurs(plugin, registry) ? own() : findPlugin(String(plugin.type), directories()).path
    executeIn(env, path, JSON.stringify(inputOf(plugin, attachment, chain)))
  })
  runAllNow(steps)
  if (chain.file) remove(chain.file)
}

/** Whether this executable is the plugin of a configuration: by its name, or by one within the name of a file that is not there. */
export function isOurs(plugin: Raw, registry: Registry): boolean {
  const type = String(plugin.type)
  const names = Object.keys(registry)
  return names.includes(type) || (nameWithin(type, names) !== undefined && !isInstalled(type))
}

function isInstalled(type: string): boolean {
  return directories().some((directory) => stat(`${directory}/${type}`))
}

const own = () => readLink('/proc/self/exe') ?? ''
const directories = () => [own().slice(0, own().lastIndexOf('/')), ...standard]

/** The namespace is gone, so CNI_NETNS is empty (spec section "DEL"). */
function environmentOf({ containerID, ifname }: Attachment, { args }: Chain): Record<string, string> {
  return {
    PATH: environment().PATH ?? '',
    CNI_COMMAND: 'DEL',
    CNI_CONTAINERID: containerID,
    CNI_NETNS: '',
    CNI_IFNAME: ifname,
    CNI_PATH: directories().join(':'),
    ...(args && { CNI_ARGS: args }),
  }
}

function inputOf(plugin: Raw, { network }: Attachment, chain: Chain): Raw {
  const { cniVersion, result, capabilities } = chain
  const declared = isObject(plugin.capabilities) ? plugin.capabilities : {}
  const values = Object.entries(capabilities).filter(([name]) => declared[name] === true)
  return {
    ...plugin,
    name: network,
    cniVersion,
    ...(values.length > 0 && { runtimeConfig: Object.fromEntries(values) }),
    ...(result && !withoutResult.includes(cniVersion) && { prevResult: result }),
  }
}
