/** A plan: what the ADD of a configuration changes on this host, found out by doing it where it changes nothing. */

import type { Registry } from '../../shared/cni/plugin.ts'
import type { Configured } from '../host/networks.ts'
import { makeHost, readHost } from './host-copy.ts'
import { standInsOf, withoutServers } from './lease.ts'
import { makeStandIn } from './link-copy.ts'
import { parentsOf, textsIn, valuesOf } from './parents.ts'
import { perform, type Step, type Wanted } from './perform.ts'
import { makeRules, readRules } from './rules-copy.ts'
import { enterStage, makeContainer } from './stage.ts'
import { requireAway } from './where.ts'
import { requireQuotable } from './words.ts'

export interface Plan {
  steps: Step[]
  /** Links that the configuration names and the host does not have; a stand-in was used. */
  missing: string[]
  /** Addresses in place of those that a DHCP server would give. */
  standIns: string[]
}

/** Makes a plan. This process is in namespaces of its own afterwards. @throws CniError */
export async function planOf(wanted: Wanted, registry: Registry): Promise<Plan> {
  const raws = wanted.plugins.map(({ raw }) => raw)
  requireQuotable(raws.flatMap(namesIn))
  const host = readHost(new Set(textsIn(raws)))
  const rules = readRules()
  const present = host.links.flatMap(({ link }) => [link.name, ...(link.altNames ?? [])])
  const missing = parentsOf(raws).filter((name) => !present.includes(name))
  enterStage(valuesOf('dataDir', raws))
  requireAway()
  makeHost(host)
  makeRules(rules)
  for (const name of missing) makeStandIn(name)
  makeContainer(wanted.netns)
  const plugins = wanted.plugins.map(withoutServers)
  const steps = await perform({ ...wanted, plugins }, registry)
  return { steps, missing, standIns: standInsOf(wanted.plugins) }
}

/** The texts at the top of a plugin's configuration: names of links and of the network. */
function namesIn(raw: Configured['raw']): string[] {
  return Object.values(raw).filter((value) => typeof value === 'string')
}
