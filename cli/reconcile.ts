/** `patchbay reconcile`: changes existing host devices of networks to match their configurations. Makes no device. */

import { originsOfKeys } from '../shared/cni/foreign.ts'
import type { Reconciled, Registry } from '../shared/cni/plugin.ts'
import { CniError, Code, toCniError } from '../shared/error/error.ts'
import { stderrLog } from '../shared/error/log.ts'
import { block } from './block.ts'
import { type Configured, configurationFiles, readConfiguration } from './host/networks.ts'

const standardDirectory = '/etc/cni/net.d'

/** The outputs for the operator: changes go to `out`, errors to `err`, one line per call. */
export interface Output {
  out(line: string): void
  err(line: string): void
}

/**
 * Reconciles the networks of a file, or of all files of a directory. After a failure it continues with the next network.
 * @returns the exit status
 */
export async function reconcile(
  registry: Registry,
  output: Output,
  path = standardDirectory,
): Promise<number> {
  const touched = new Map<string, string>()
  let failures = 0
  const attempt = async (where: string, action: () => unknown) => {
    try {
      await action()
    } catch (error) {
      output.err(block(where, toCniError(error).complaint))
      failures++
    }
  }
  await attempt(path, async () => {
    for (const file of configurationFiles(path))
      await attempt(file, async () => {
        for (const configured of readConfiguration(file))
          await attempt(file, async () =>
            report(file, await reconcileOne(registry, configured), touched, output),
          )
      })
  })
  return failures > 0 ? 1 : 0
}

/** @returns nothing for plugins without a host device to reconcile, and for plugins of other projects */
async function reconcileOne(registry: Registry, { network, type, raw }: Configured): Promise<Reconciled[]> {
  const load = Object.hasOwn(registry, type) && registry[type]
  const plugin = load ? await load() : undefined
  if (!plugin?.reconcile) return []
  const log = stderrLog(type)
  const known = plugin.config.canonical(raw)
  const config = plugin.config.parse(known, log, await originsOfKeys(plugin, known, registry))
  return plugin.reconcile({ network, config, log })
}

/** Prints the changes. @throws CniError when two files configure one device differently: the later file was applied */
function report(file: string, reconciled: Reconciled[], touched: Map<string, string>, { out }: Output): void {
  for (const { device, done } of reconciled) {
    for (const change of done) out(`${file}: ${device}: ${change}`)
    if (done.length === 0) out(`${file}: ${device}: is as configured`)
    const other = touched.get(device)
    touched.set(device, file)
    if (other && done.length > 0)
      throw new CniError(Code.InvalidNetworkConfig, {
        msg: `${device} is configured otherwise in ${other}: make the two agree`,
        hint: 'each run changes the device to match the later file, until both files agree',
        path: other,
      })
  }
}
