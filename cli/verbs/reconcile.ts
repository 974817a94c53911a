/** `patchbay reconcile`: changes existing host devices of networks to match their configurations. Makes no device. */

import { originsOfKeys } from '../../shared/cni/foreign.ts'
import type { Reconciled, Registry } from '../../shared/cni/plugin.ts'
import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import { stderrLog } from '../../shared/error/log.ts'
import type { Call, Verb } from '../form/verb.ts'
import { type Configured, configurationFiles, readConfiguration } from '../host/networks.ts'

const standardDirectory = '/etc/cni/net.d'

export const reconcile: Verb = {
  summary: 'changes host devices of networks to match their configurations',
  text: [
    'It changes the existing VTEPs of vxlan networks, and makes no device. After a failure it goes on with the next network.',
  ],
  words: [
    {
      ...{ name: 'PATH', count: 'optional', names: 'file' },
      means: `A configuration, or a directory of them. Default: ${standardDirectory}.`,
    },
  ],
  flags: { '--dry-run': { takes: 'none', means: 'Say what would be changed, and change nothing.' } },
  answers: true,
  example: { call: 'reconcile', does: 'the remote VTEPs in the configuration have changed' },
  async run(call) {
    const {
      words: [path = standardDirectory],
      plugins,
      complain,
    } = call
    const isDry = call.flags.has('--dry-run')
    const found: Found[] = []
    let isFine = true
    const attempt = async (where: string, action: () => unknown) => {
      try {
        await action()
      } catch (error) {
        complain(where, toCniError(error).complaint)
        isFine = false
      }
    }
    await attempt(path, async () => {
      for (const file of configurationFiles(path))
        await attempt(file, async () => {
          for (const configured of readConfiguration(file))
            await attempt(file, async () =>
              report(file, await reconcileOne(plugins, configured, isDry), found, call),
            )
        })
    })
    return {
      data: found,
      text: () => (isFine && found.length === 0 ? 'no network of vxlan has a VTEP here' : ''),
      status: isFine ? 0 : 1,
    }
  },
}

/** @returns nothing for plugins without a host device to reconcile, and for plugins of other projects */
async function reconcileOne(
  registry: Registry,
  { network, type, raw }: Configured,
  isDry: boolean,
): Promise<Reconciled[]> {
  const load = Object.hasOwn(registry, type) && registry[type]
  const plugin = load ? await load() : undefined
  if (!plugin?.reconcile) return []
  const log = stderrLog(type)
  const known = plugin.config.canonical(raw)
  const config = plugin.config.parse(known, log, await originsOfKeys(plugin, known, registry))
  return plugin.reconcile({ network, config, log }, isDry)
}

/** A device, the file that configures it, and what was changed. */
interface Found extends Reconciled {
  file: string
}

/** Prints the changes. @throws CniError when two files configure one device differently: the later file was applied */
function report(file: string, reconciled: readonly Reconciled[], found: Found[], { out, flags }: Call): void {
  const would = flags.has('--dry-run') ? 'would ' : ''
  for (const { device, done } of reconciled) {
    for (const change of done) out(`${file}: ${device}: ${would}${change}`)
    if (done.length === 0) out(`${file}: ${device}: is as configured`)
    const other = found.findLast((one) => one.device === device)?.file
    found.push({ file, device, done })
    if (other && done.length > 0)
      throw new CniError(Code.InvalidNetworkConfig, {
        msg: `${device} is configured otherwise in ${other}: make the two agree`,
        hint: 'each run changes the device to match the later file, until both files agree',
        path: other,
      })
  }
}
