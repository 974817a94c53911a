/** `patchbay reconcile`: brings what networks have on this host to what their configurations say now. Makes nothing. */

import { ownersOfKeys } from '../shared/cni/foreign.ts'
import type { Reconciled, Registry } from '../shared/cni/plugin.ts'
import { CniError, Code, toCniError } from '../shared/error/error.ts'
import { stderrLog } from '../shared/error/log.ts'
import { block } from './block.ts'
import { type Configured, configurationFiles, readConfiguration } from './networks.ts'

const standardDirectory = '/etc/cni/net.d'

/** Where lines for the operator go: what was done, and what went wrong. */
export interface Output {
  out(line: string): void
  err(line: string): void
}

/**
 * Reconciles the networks of a file, or of all files of a directory. One that fails does not keep the others from it.
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

/** Plugins that share nothing, and those that are not ours, have nothing to reconcile. */
async function reconcileOne(registry: Registry, { network, type, raw }: Configured): Promise<Reconciled[]> {
  const load = Object.hasOwn(registry, type) && registry[type]
  const plugin = load ? await load() : undefined
  if (!plugin?.reconcile) return []
  const log = stderrLog(type)
  const known = plugin.config.canonical(raw)
  const config = plugin.config.parse(known, log, await ownersOfKeys(plugin, known, registry))
  return plugin.reconcile({ network, config, log })
}

/** @throws when two networks want the same device differently: the later had its way */
function report(file: string, reconciled: Reconciled[], touched: Map<string, string>, { out }: Output): void {
  for (const { device, done } of reconciled) {
    for (const deed of done) out(`${file}: ${device}: ${deed}`)
    if (done.length === 0) out(`${file}: ${device}: is as configured`)
    const other = touched.get(device)
    touched.set(device, file)
    if (other && done.length > 0)
      throw new CniError(Code.InvalidNetworkConfig, {
        msg: `${device} is configured otherwise in ${other}: make the two agree`,
        hint: 'each run changes the device to what the later file says, until both say the same',
        path: other,
      })
  }
}
