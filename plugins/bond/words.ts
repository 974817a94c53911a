/** Options that a configuration names by the driver's word or, as bond-cni and the driver do, by its number. */

import type { Request } from '../../shared/cni/plugin.ts'
import { type BondMode, type BondOptions, bondModes, bondWords } from '../../shared/netlink/bond.ts'
import type { BondConfig } from './config.ts'

/** The mode by its word. */
export function modeOf({ mode }: Pick<BondConfig, 'mode'>): BondMode {
  return wordOf(bondModes, mode) ?? 'active-backup'
}

/** How the MAC address is chosen; undefined in modes where that has no effect. */
export function failOverMacOf(config: Pick<BondConfig, 'mode' | 'failOverMac'>): BondOptions['failOverMac'] {
  return modeOf(config) === 'active-backup' ? wordOf(bondWords.failOverMac, config.failOverMac) : undefined
}

/** bond-cni's default is 0, in every mode: only another value is worth a warning. */
export function warnOfFailOverMac({ config, log }: Pick<Request<BondConfig>, 'config' | 'log'>): void {
  const { failOverMac = 'none' } = config
  if (wordOf(bondWords.failOverMac, failOverMac) === 'none' || failOverMacOf(config)) return
  log.warn(`failOverMac is ignored: mode is "${modeOf(config)}", and it has an effect in active-backup only`)
}

function wordOf<Word extends string>(words: readonly Word[], given: unknown): Word | undefined {
  return words.find((word) => word === given) ?? words[Number(given)]
}
