/** The keys that the network configuration of every plugin may have (spec section "Plugin configuration objects"). */

import {
  anything,
  boolean,
  describe,
  lazy,
  list,
  mac,
  object,
  oneOf,
  open,
  optional,
  pluginName,
  type Shape,
  string,
} from './schema.ts'

/**
 * The keys `runtimeConfig` and `args` of a plugin that uses these entries of them. All other entries are none of its business,
 * whatever their form: a runtime hands every plugin the entries of all.
 * @param dynamic entries of `runtimeConfig` (CONVENTIONS.md, "Dynamic plugin specific fields")
 * @param fixed entries of `args.cni` (CONVENTIONS.md, "args in network config")
 */
export function requests<Dynamic extends Shape, Fixed extends Shape>(
  dynamic: () => Dynamic,
  fixed: () => Fixed,
) {
  return {
    runtimeConfig: optional(lazy(() => open(dynamic()))),
    args: optional(lazy(() => open({ cni: optional(open(fixed())) }))),
  }
}

/** What nearly every interface plugin uses. */
export const macRequests = () => ({ mac: optional(mac) })

/** For a plugin that uses none of the entries. */
export const noRequests = requests(
  () => ({}),
  () => ({}),
)

const dns = () =>
  object({
    nameservers: optional(list(string)),
    domain: optional(string),
    search: optional(list(string)),
    options: optional(list(string)),
  })

export const common = {
  cniVersion: describe(optional(string), 'Version of the CNI specification. Default: 0.1.0.'),
  name: describe(optional(string), "The network's name, unique on the host."),
  type: describe(optional(pluginName), "This plugin's name."),
  ipam: describe(
    optional(open({ type: optional(pluginName) })),
    'Where addresses come from: `type` names the IPAM plugin, the other keys are its own. Without it, no addresses.',
  ),
  dns: describe(
    optional(lazy(dns)),
    'Name servers for the result: `nameservers`, `domain`, `search`, `options`.',
  ),
  keepDefaultRoute: describe(
    optional(boolean),
    'A default route that the container has already stays the first. Default: the newest is the first.',
  ),
  log: describe(
    optional(oneOf('info', 'debug')),
    'Logs each call on this host, in /var/log/patchbay: `patchbay logs` reads it. `debug`: with times and decisions. Default: no log.',
  ),
  capabilities: optional(anything),
  ...requests(macRequests, macRequests),
  prevResult: optional(anything),
  'cni.dev/valid-attachments': optional(anything),
  'cni.dev/attachments': optional(anything),
}
