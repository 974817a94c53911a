/** `patchbay reapply`: restores the rules of live containers in the firewall, after another program has removed them. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { type Reapplied, reapply as reapplyAll } from '../../shared/firewall/reapply.ts'
import type { Call, Verb } from '../form/verb.ts'

export const reapply: Verb = {
  summary: 'restores the rules of live containers in the firewall',
  text: [
    'Another program may remove them: `nft flush ruleset`, `firewall-cmd --reload`. The masquerade, host ports, filters and MAC checks of live containers come back from the records; what is there stays.',
  ],
  answers: true,
  example: { call: 'reapply', does: 'the firewall was reloaded, and host ports are gone' },
  async run(call) {
    const done: Reapplied[] = []
    await reapplyAll((one) => {
      tell(one, call)
      done.push(one)
    })
    const data = done.map(({ feature, attachment: { network, containerID, ifname }, error }) => ({
      ...{ network, container: containerID, interface: ifname, feature },
      ...(error && { error: error.message }),
    }))
    return { data, text: () => '', status: done.some(({ error }) => error) ? 1 : 0 }
  },
}

function tell({ feature, attachment, error }: Reapplied, { out, complain }: Call): void {
  const where = `${attachmentKey(attachment)}: ${feature}`
  if (error) complain(where, error.complaint)
  else out(`${where}: is in the firewall`)
}
