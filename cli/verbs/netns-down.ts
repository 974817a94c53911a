/** `patchbay netns down`: detaches a namespace from its networks, and removes it. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { plain } from '../../shared/error/log.ts'
import { cachedOf, down, isThere, trialPrefix } from '../attach/named.ts'
import { containerIdOf, pathOfName } from '../attach/netns.ts'
import { runnerFor } from '../attach/words.ts'
import { word } from '../form/shell.ts'
import type { Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'

export const netnsDown: Verb = {
  summary: 'detaches a namespace with a name from its networks, and removes it',
  text: [
    "DEL of each attachment that libcni's caches have of the namespace, made by netns up, add or cnitool, and then what ip netns delete does. Processes in the namespace keep it, without its networks. One that is not there is no error.",
  ],
  words: [{ name: 'NAME', means: 'The name, as in ip netns.', count: 'one', names: 'namespace' }],
  flags: { '--dry-run': { takes: 'none', means: 'Say what would be removed, and remove nothing.' } },
  answers: true,
  example: { call: 'netns down blue', does: 'detach the namespace blue, and remove it' },
  async run(call) {
    const [name = ''] = call.words
    const path = pathOfName(name)
    const own = containerIdOf(path)
    const entries = cachedOf(path, own, leftOutBy(call))
    requireOurs(name, own, entries)
    const isDry = call.flags.has('--dry-run')
    const existed = isDry ? isThere(path) || entries.length > 0 : await down(path, entries, runnerFor(call))
    const attachments = entries.map(({ network, containerID: container, ifname }) => ({
      network,
      container,
      interface: ifname,
    }))
    const [done, gone] = isDry ? ['would be deleted', 'would be removed'] : ['deleted', 'removed']
    const lines = [
      ...entries.map((one) => `${plain(attachmentKey(one))}: ${done}`),
      existed ? `${plain(path)}: ${gone}` : `${plain(path)}: not there`,
    ]
    return { data: { name, namespace: path, existed, attachments }, text: () => lines.join('\n') }
  },
}

/** A namespace of a runtime's container ends with the container. @throws CniError */
function requireOurs(name: string, own: string, entries: readonly Attachment[]): void {
  const isOurs = ({ containerID }: Attachment) => containerID === own || containerID.startsWith(trialPrefix)
  const other = entries.find((one) => !isOurs(one))
  if (!other) return
  throw new CniError(Code.InvalidNetNS, {
    msg: `the namespace ${name} is that of the container ${other.containerID}: its runtime removes both`,
    hint: `or detach it by hand: patchbay del ${word(other.network)} ${word(name)} --container ${word(other.containerID)} --interface ${word(other.ifname)}`,
  })
}
