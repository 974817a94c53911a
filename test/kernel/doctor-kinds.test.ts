/** `patchbay doctor`: a list needs a kind of link that the kernel lacks. */
// needs: no link vlan

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { findings, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost } from '../harness/host.ts'
import { newNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
ownEtc('/etc/cni/net.d')
command('mount', '-t', 'tmpfs', 'tmpfs', '/opt')
command(`${executables()}/patchbay`, 'install', '--to', '/opt/cni/bin')

/** The only list of the host. */
const list = (type: string) =>
  writeFileSync('/etc/cni/net.d/10.conflist', JSON.stringify(newNetwork(type, { master: 'lo' })), {
    mode: 0o600,
  })

test('a kind that the kernel lacks is found before the first pod; one that it has is no fault', async () => {
  list('ptp')
  await silent('--before')
  list('vlan')
  const kinds = findings('--before').filter(({ fault }) => fault === 'kind-missing')
  assert.equal(
    kinds.map(({ subject, mend }) => ({ subject, mend })),
    [{ subject: 'vlan', mend: ['modprobe 8021q'] }],
  )
})

test.run()
