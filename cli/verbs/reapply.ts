/** `patchbay reapply`: restores the rules of live containers in the firewall, after another program has removed them. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { type Reapplied, reapply as reapplyAll } from '../../shared/firewall/reapply.ts'
import type { Call, Verb } from '../form/verb.ts'

export const reapply: Verb = {
  summary: 'restores the rules of live containers in the firewall',
  text: [
    'Another program may remove them: `nft flush ruleset`, `firewall-cmd --reload`. The masquerade, host ports, filters and MAC checks of live containers come back from the records; what is there stays.',
  ],
  flags: {
    '--dry-run': {
      takes: 'none',
      means: 'Say whose rules would be restored where they are missing, and change nothing.',
    },
  },
  answers: true,
  example: { call: 'reapply', does: 'the firewall was reloaded, and host ports are gone' },
  async run(call) {
    const done: Reapplied[] = []
    const isDry = call.flags.has('--dry-run')
    const report = (one: Reapplied) => {
      tell(one, call)
      done.push(one)
    }
    await reapplyAll(report, isDry)
    const data = done.map(({ feature, attachment: { network, containerID, ifname }, error }) => ({
      ...{ network, container: containerID, interface: ifname, feature },
      ...(error && { error: error.message }),
    }))
    return {
      data,
      text: () => (done.length === 0 ? 'no rules of containers are recorded' : ''),
      status: done.some(({ error }) => error) ? 1 : 0,
    }
  },
}

function tell({ feature, attachment, error }: Reapplied, { out, complain, flags }: Call): void {
  const where = `${attachmentKey(attachment)}: ${feature}`
  if (error) complain(where, error.complaint)
  else
    out(
      `${where}: ${flags.has('--dry-run') ? 'would be restored where it is missing' : 'is in the firewall'}`,
    )
}
