/**
 * Which plugin a call is for, when the executable has another name than a plugin: installers add prefixes and suffixes
 * (`buildkit-cni-bridge`, `cnv-bridge`, `bridge-v2`), or call `patchbay` itself.
 */

import { common } from '../config/common.ts'
import { network } from '../config/config.ts'
import { isObject, parseObject } from '../config/json.ts'
import { canonicalObject } from '../config/keys.ts'
import { CniError, Code } from '../error/error.ts'
import { nameWithin } from './name-within.ts'
import type { Plugin, Registry } from './plugin.ts'

/**
 * The plugin of a call: the one that the configuration's `type` names, or else the file's name.
 * @param file the executable's name, which is no plugin's
 * @param input the configuration, which may be anything
 */
export function pluginOf(file: string, input: string, registry: Registry): () => Promise<Plugin> {
  const names = Object.keys(registry)
  const { type, delegate } = typesIn(input)
  // An IPAM plugin gets the configuration of the plugin that calls it.
  const isDelegate = file === delegate && file !== type
  const name = (isDelegate ? undefined : nameWithin(type, names)) ?? nameWithin(file, names)
  const load = name === undefined ? undefined : registry[name]
  return load ?? (async () => nonePlugin(type, file, names))
}

function typesIn(input: string): { type: string; delegate: string } {
  const { type, ipam } = readLeniently(input)
  return { type: String(type ?? ''), delegate: String((isObject(ipam) && ipam.type) || '') }
}

function readLeniently(input: string): Record<string, unknown> {
  try {
    return canonicalObject(common, parseObject(input, 'network config'))
  } catch {
    return {}
  }
}

/** Answers a call for which there is no plugin: an error for every verb, after those of the environment and the input. */
function nonePlugin(type: string, file: string, names: readonly string[]): Plugin {
  const refuse = () => {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `neither type ${JSON.stringify(type)} nor the file's name ${JSON.stringify(file)} names a plugin of Patchbay`,
      hint: `write one of these as type: ${names.join(', ')}; or install the plugin that you mean under its name`,
    })
  }
  const config = { ...network({}), parse: refuse, parseLeniently: refuse, unknownKeys: () => [] }
  return { name: 'patchbay', summary: '', config, add: refuse, del: refuse, check: refuse }
}
