/** `patchbay plan`: the commands that an ADD amounts to. */

import { validateContainerID, validateIfname } from '../../shared/config/names.ts'
import { plain } from '../../shared/error/log.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { findList } from '../attach/list.ts'
import { argsIn, attachmentFlags, callFlags, capabilitiesIn, networkWord } from '../attach/words.ts'
import type { Page } from '../form/page.ts'
import { type Call, lastOf, type Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'
import { readConfiguration } from '../host/networks.ts'
import type { Step } from '../plan/perform.ts'
import { planOf } from '../plan/plan.ts'

/** Where `ip netns add ctr` puts it. */
const netns = '/run/netns/ctr'

export const plan: Verb = {
  summary: 'prints the ip, bridge, nft, tc and sysctl commands that an ADD amounts to',
  text: [
    'They are made from the requests that the plugins send: an ADD is done in namespaces of their own, on a copy of this host’s links, addresses, routes and sysctls, of the plugins’ own nftables tables and files. On the host nothing changes, and no address is reserved. Executed one after the other, the commands make the same state; random values, as MAC addresses, are those of this plan.',
    'The copy has no firewall rules of other programs and no ends of other containers. A link that the file names and the host lacks is said, and the plan goes on with a stand-in; so it does for the address that a DHCP server would give. Keys of macsec are the word KEY, and SALT. Files are not among the commands: leases, records, and the device node of a macvtap. It needs root.',
  ],
  words: [networkWord],
  flags: {
    ...attachmentFlags,
    '--container': { takes: 'one', value: 'ID', means: "The container's ID. Default: ctr." },
    ...callFlags,
  },
  answers: true,
  example: {
    call: 'plan /etc/cni/net.d/10-bridge.conflist',
    does: 'what would a container of this network change?',
  },
  async run(call) {
    const { container, ifname } = identityOf(call.flags)
    const [args, capabilities] = [argsIn(call), capabilitiesIn(call)]
    const { plugins, file } = await pluginsOf(call, capabilities)
    const { steps, missing, standIns } = await planOf(
      { plugins, container, ifname, netns, args, capabilities },
      call.plugins,
    )
    for (const name of missing)
      call.complain(file, {
        msg: `there is no link ${name} on this host: the plan is made with a stand-in`,
        see: 'ip link show',
      })
    if (standIns.length > 0)
      call.complain(file, {
        msg: `the address comes from the network's DHCP server, which a plan does not ask: the plan is made with ${standIns.join(' and ')} in its place`,
      })
    const network = plugins[0]?.network ?? ''
    return { data: steps, text: (page) => script(network, steps, page), status: missing.length > 0 ? 1 : 0 }
  },
}

/** Of a network's name, or of a file. */
async function pluginsOf(call: Call, { ips }: Record<string, unknown>) {
  const [word = ''] = call.words
  if (!word.includes('/') && stat(word)) return { file: word, plugins: readConfiguration(word) }
  const search = {
    registry: call.plugins,
    leftOut: leftOutBy(call),
    ips: Array.isArray(ips) ? ips.map(String) : [],
  }
  const { file, network, cniVersion, plugins } = await findList(word, search)
  const withName = (plugin: Record<string, unknown>) => ({
    ...{ file, network, type: String(plugin.type) },
    raw: { ...plugin, name: network, cniVersion },
  })
  return { file, plugins: plugins.map(withName) }
}

function identityOf(flags: Parameters<typeof lastOf>[0]) {
  const container = lastOf(flags, '--container') ?? 'ctr'
  const ifname = lastOf(flags, '--interface') ?? 'eth0'
  validateContainerID(container)
  validateIfname(ifname)
  return { container, ifname }
}

/** The commands below the name of their plugin: a shell script. */
function script(network: string, steps: readonly Step[], { paint }: Page): string {
  const comment = (text: string) => paint('dim', `# ${plain(text)}`)
  const lines = [
    comment(`an ADD to network ${network}; the container's namespace: ip netns add ctr`),
    `NETNS=${netns}`,
  ]
  let plugin = ''
  for (const step of steps) {
    if (step.plugin !== plugin) lines.push('', comment(step.plugin))
    plugin = step.plugin
    lines.push(...step.command.split('\n').map(plain))
  }
  return lines.join('\n')
}
