/** wire: a cable between two containers, a veth pair with an end in each. */

import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { type Wired, wireSteps } from '../../shared/pair/wire-steps.ts'
import { config, type WireConfig } from './config.ts'

export const wire = interfacePlugin<WireConfig, Wired>({
  name: 'wire',
  summary: 'joins two containers by a cable of their own (a veth pair)',
  config,
  device: { ...wireSteps('veth'), prepare: requestedMac },
})
