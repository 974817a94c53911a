/** The interface of the host that a network sits on: `--interface-name`, option `parent`, or the plugin's own key. */

import type { Plugin } from '../shared/cni/plugin.ts'
import { CniError, Code, shortened } from '../shared/error/error.ts'
import { optionsOf } from './configuration.ts'
import { interfaceKey } from './drivers.ts'
import type { Network } from './input.ts'

/** The interface that the user named, if any. @throws CniError of code 7 for two different ones, or where there is none to name */
export function hostInterface(plugin: Plugin, network: Network): unknown {
  const { parent, own } = optionsOf(plugin, network)
  const key = interfaceKey(plugin.name)
  const named = [network.network_interface, parent, key && own[key]].filter(Boolean)
  if (!key && named.length > 0)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `${plugin.name} has no interface of the host to be told: ${JSON.stringify(named[0])}`,
      hint: 'leave --interface-name out',
    })
  const [one, other] = [...new Set(named)]
  if (other === undefined) return one
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the network has two interfaces of the host: ${shortened(JSON.stringify([one, other]).slice(1, -1), 80)}`,
    hint: 'name one, by --interface-name',
  })
}
