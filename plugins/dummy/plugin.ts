/** dummy: an interface that drops what is sent through it; it holds addresses that do not depend on other interfaces. */

import { attachmentMac, requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { checkInside, createInside } from '../../shared/link/inside.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { config, type DummyConfig } from './config.ts'

const kind = 'dummy'

export const dummy = interfacePlugin<DummyConfig>({
  name: 'dummy',
  summary: 'gives a container an interface to hold addresses, which drops all that is sent through it',
  config,
  device: {
    prepare: requestedMac,
    create: (life) => createInside(life, optionsOf(life.request)),
    check: (sides, request) => void checkInside(sides, request, kind),
    status: () => requireKind(hostSocket(), kind),
  },
})

function optionsOf(request: Request<DummyConfig>) {
  const mac = requestedMac(request) ?? attachmentMac(request)
  return { name: request.ifname, kind, mac, mtu: request.config.mtu || undefined }
}
