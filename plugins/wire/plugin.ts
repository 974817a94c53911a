/** wire: a cable between two containers, a veth pair with an end in each. */

import { requestedMac } from '../../shared/device/mac.ts'
import { interfacePlugin } from '../../shared/device/plugin.ts'
import { type Made, wireSteps } from '../../shared/wire/device.ts'
import { config, type WireConfig } from './config.ts'

export const wire = interfacePlugin<WireConfig, Made>({
  name: 'wire',
  summary: 'joins two containers by a cable of their own (a veth pair)',
  config,
  prepare: requestedMac,
  ...wireSteps('veth'),
})
