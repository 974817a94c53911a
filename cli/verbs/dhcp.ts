/** `patchbay dhcp`: renews the leases of this host's containers. */

import { environment } from '#engine'
import { notifierOf } from '../../shared/kernel/notify.ts'
import { renewLeases } from '../dhcp/dhcp.ts'
import { type Level, levels, logOf } from '../form/service-log.ts'
import { lastOf, type Verb } from '../form/verb.ts'

export const dhcp: Verb = {
  summary: 'runs until SIGTERM: renews the leases of containers whose ipam is dhcp',
  text: [
    'ADD and DEL do not need it, but a lease ends without it: then the server may give its address to another machine. What a server changes is applied to the interface and logged; when a lease ends its address goes, the interface stays, and servers are asked on.',
    'There is one on a host. It reads and writes the journal below /run/patchbay/dhcp, so its end loses nothing; SIGHUP has it read all again. Nothing of containers changes when it ends. It needs root.',
  ],
  flags: {
    '--log-level': {
      ...{ takes: 'one', value: 'LEVEL', names: levels },
      means: 'What is written to standard error. Default: info.',
    },
  },
  example: { call: 'dhcp --log-level warning', does: 'renew leases, and write what goes wrong' },
  run({ flags }) {
    const level = (lastOf(flags, '--log-level') ?? 'info') as Level
    renewLeases(logOf('dhcp', level), notifierOf(environment().NOTIFY_SOCKET))
    return 0
  },
}
