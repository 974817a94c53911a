/** vcan: a CAN bus inside a container, for its programs. */

import type { Life } from '../../../shared/attachment/device.ts'
import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { checkInside, createInside } from '../../../shared/link/inside.ts'
import { requireKind } from '../../../shared/link/kind.ts'
import { refuseMac, setFrames } from '../can.ts'
import { config, type VcanConfig } from './config.ts'

const kind = 'vcan'

export const vcan = interfacePlugin<VcanConfig>({
  name: 'vcan',
  summary: 'gives a container a CAN bus of its own, for programs that talk CAN to each other',
  config,
  device: {
    prepare: refuseMac,
    create,
    check: (sides, request) => void checkInside(sides, request, kind),
    status: () => requireKind(hostSocket(), kind),
  },
})

function create(life: Life<VcanConfig>): void {
  const { inside, request } = life
  createInside(life, { name: request.ifname, kind })
  setFrames(inside, request.ifname, request.config.mtu)
}
