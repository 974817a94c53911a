/** Validates configurations without calling a plugin for them: the files by themselves, what they need of this host, and what they want at once. */

import type * as z from 'zod'
import { interfaceConfiguration, optionsOf } from '../../netavark/configuration.ts'
import { driverPlugin } from '../../netavark/driver.ts'
import { netavarksOwn, pluginOfDriver } from '../../netavark/drivers.ts'
import { readNetwork } from '../../netavark/input.ts'
import { refuseReserved, refuseUnknown } from '../../netavark/option-keys.ts'
import type { Registry } from '../../shared/cni/plugin.ts'
import { toCniError } from '../../shared/error/error.ts'
import type { answer } from '../answers/validate.ts'
import { findingsBetween } from './between.ts'
import { type Facts, factsOf } from './facts.ts'
import { error, type Fault, type Finding, faultsOf, findingOf } from './finding.ts'
import { type Finder, finderOf } from './installed.ts'
import { memberFaults } from './member.ts'
import { type Network, readNetworkFile } from './network.ts'
import { type Named, readSource } from './read.ts'
import { type Runtime, runtimesWithVersion } from './runtimes.ts'
import { type Called, calledBy, highest, runtimeFaults, versionFaults } from './versions.ts'

export type Validated = z.infer<typeof answer>

/** A hostile file may have any number. */
const mostFindings = 100

interface Context {
  registry: Registry
  finder: Finder
  runtimes: readonly Runtime[]
}

/** @param progress is told of each file */
export async function validate(
  files: readonly Named[],
  registry: Registry,
  progress: (file: string) => void,
): Promise<Validated> {
  const context = { registry, finder: finderOf(registry), runtimes: runtimesWithVersion() }
  const findings: Finding[] = []
  const networks: Validated['networks'] = []
  const facts: Facts[] = []
  for (const named of files) {
    progress(named.file)
    const { source, faults } = readSource(named.file)
    const read = source.text === '' && faults.length > 0 ? { faults: [] } : readNetworkFile(source)
    const all = [...faults, ...read.faults]
    if (read.network) {
      const called = calledBy(read.network, context.finder)
      all.push(...(await faultsIn(read.network, called, context)))
      networks.push(summary(read.network, called, isFirst(named, files), context))
      facts.push(await factsOf(read.network, registry, context.finder))
    }
    findings.push(...bounded(all).map((fault) => findingOf(source, fault)))
  }
  const { directories } = context.finder
  return {
    directories: [...directories],
    runtimes: [...context.runtimes],
    networks,
    findings: [...findings, ...findingsBetween(facts)],
  }
}

function bounded(faults: readonly Fault[]): Fault[] {
  const more = faults.length - mostFindings
  const rest = more > 0 ? [error(`${more} more findings are left out`)] : []
  return [...faults.slice(0, mostFindings), ...rest]
}

function isFirst({ file, directory }: Named, files: readonly Named[]): boolean {
  return directory !== undefined && files.find((one) => one.directory === directory)?.file === file
}

async function faultsIn(network: Network, called: readonly Called[], context: Context): Promise<Fault[]> {
  const { registry, finder, runtimes } = context
  if (network.kind === 'podman') return podmanFaults(network, registry)
  const members = await Promise.all(network.members.map((member) => memberFaults(member, registry, finder)))
  return [
    ...members.flat(),
    ...withoutInterface(network, finder),
    ...versionFaults(network, called),
    ...runtimeFaults(network, runtimes),
  ]
}

/** Plugins that need the result of an earlier one. */
const chained = ['bandwidth', 'firewall', 'portmap', 'sbr', 'tuning', 'vrf']

function withoutInterface({ kind, members: [first] }: Network, finder: Finder): Fault[] {
  if (!first || !finder.isChecked(first.type) || !chained.includes(first.type)) return []
  const where = kind === 'list' ? 'is the first of the list' : 'is alone'
  return [
    {
      ...error(
        `${first.type} ${where}: it changes the interface of an earlier plugin, and its ADD is refused`,
        'put it after the plugin that makes the interface',
      ),
      within: first.path,
    },
  ]
}

/** A network of a driver of ours is judged as `podman network create` judges it, without the look at the kernel. */
async function podmanFaults({ whole }: Network, registry: Registry): Promise<Fault[]> {
  const driver = String(whole.driver)
  if (netavarksOwn.includes(driver) || !pluginOfDriver(driver)) return []
  try {
    const network = readNetwork(whole)
    refuseReserved(network.options)
    const plugin = await driverPlugin(driver, registry)
    refuseUnknown(network.options, plugin)
    const member = { type: plugin.name, raw: interfaceConfiguration(plugin, network), path: '' }
    optionsOf(plugin, network)
    return (await memberFaults(member, registry, known)).map((fault) => ({ ...fault, within: 'options' }))
  } catch (cause) {
    return faultsOf(toCniError(cause), 'options')
  }
}

const known: Finder = { directories: [], find: () => ({ ours: true }), isChecked: () => true }

function summary(
  { source, name, kind, cniVersion, members }: Network,
  called: readonly Called[],
  first: boolean,
  { finder, runtimes }: Context,
) {
  const limit = highest(called, runtimes)
  const one = { file: source.file, network: name, kind, cniVersion, ...(limit && { highest: limit }), first }
  if (kind === 'podman') {
    const type = members[0]?.type ?? ''
    const ours = !netavarksOwn.includes(type) && pluginOfDriver(type) !== undefined
    return { ...one, plugins: [{ type, ours, checked: ours }] }
  }
  const each = [...new Map(called.map((plugin) => [plugin.type, plugin])).values()]
  const plugins = each.map(({ type, path, ours, versions }) => ({
    ...{ type, ours, checked: finder.isChecked(type) },
    ...(path && { path }),
    ...(versions && { versions: [...versions] }),
  }))
  return { ...one, plugins }
}
