/** The plugin that is a driver of netavark. */

import type { Plugin, Registry } from '../shared/cni/plugin.ts'
import { CniError, Code, shortened } from '../shared/error/error.ts'
import { driverNames, pluginOfDriver } from './drivers.ts'

/** @throws CniError of code 7 for a name that is no driver's */
export async function driverPlugin(driver: string, registry: Registry): Promise<Plugin> {
  const load = registry[pluginOfDriver(driver) ?? '']
  if (load) return load()
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `${JSON.stringify(shortened(driver, 60))} is no network driver`,
    hint: `the drivers are ${[...driverNames].sort().join(', ')}`,
  })
}
