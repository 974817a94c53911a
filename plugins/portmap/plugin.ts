/** portmap: ports of the host lead to ports of the container. */

import { requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import { preferSysctl } from '../../shared/attachment/sysctl.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { makeHelperToClose } from '../../shared/kernel/helper.ts'
import { backEndOf, config, type PortmapConfig } from './config.ts'
import { warnOfListeners } from './listeners.ts'
import { warnOfLoopback } from './loopback.ts'
import { isAsked, rulesFor } from './mappings.ts'

const firewall = () => import('../../shared/firewall/portmap.ts')
const removal = () => import('../../shared/firewall/portmap-removal.ts')

export const portmap = interfacePlugin<PortmapConfig>({
  name: 'portmap',
  summary: 'leads ports of the host to ports of a container',
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove, collect }],
    // The reference's words.
    prepare: (request) => void requirePrevResult(request, 'must be called as chained plugin'),
    create,
    check,
    status,
  },
})

async function create({ request, undo }: Life<PortmapConfig>): Promise<void> {
  if (!isAsked(request.config)) return
  const rules = rulesFor(request, requirePrevResult(request, 'must be called as chained plugin'))
  if (rules.length === 0)
    return request.log.warn('the container has no address for its port mappings: none is made')
  const { removePortmap } = await removal()
  undo(() => removePortmap(request))
  const openLocalhost = (...sysctl: readonly string[]) =>
    preferSysctl(request.log, 'the mapped ports cannot be reached by 127.0.0.1', '1', ...sysctl)
  await (await firewall()).addPortmap(request, rules, openLocalhost, backEndOf(request.config))
  if (!request.portsKept) warnOfListeners(rules, request.log)
  warnOfLoopback(rules, request.log)
}

async function remove(request: Request<PortmapConfig>): Promise<void> {
  const { removePortmap } = await removal()
  const addresses = request.prevResult && isAsked(request.config) ? rulesFor(request, request.prevResult) : []
  await removePortmap(request, {
    wasAsked: isAsked(request.config),
    addresses: addresses.map(({ address: { address } }) => address),
  })
  // The last close of netfilter's socket waits until the kernel has freed what was deleted.
  makeHelperToClose()
}

async function collect({ network, validAttachments }: Request<PortmapConfig>): Promise<void> {
  await (await removal()).collectPortmap(network, validAttachments)
}

async function check(_: Sides, request: Request<PortmapConfig>): Promise<void> {
  // The reference's words.
  const result: Result = requirePrevResult(request, 'Required prevResult missing')
  if (!isAsked(request.config)) return
  const rules = rulesFor(request, result)
  await (await firewall()).checkPortmap(request, rules, backEndOf(request.config))
}

async function status({ config }: Request<PortmapConfig>): Promise<void> {
  const reason = await (await firewall()).portmapStatus(backEndOf(config))
  if (reason)
    throw new CniError(Code.PluginNotAvailable, {
      msg: `portmap cannot work: ${reason}`,
      hint: 'provide nftables or iptables on this host, or leave portmap out of the list',
    })
}
