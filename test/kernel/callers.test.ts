/** The lists that runtimes and clusters bring along, as they are. */
// needs: nft ip, link macvlan, link macvtap

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Caller, callersDirectory, testCaller } from '../harness/callers.ts'
import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { lan, removeLan } from '../harness/lan.ts'
import { test } from '../harness/test.ts'

await privateHost()

const nic: Caller = { prepare: () => void lan(), tidy: removeLan }
const bridge: Caller = { prepare: () => void ip('link add br1 up type bridge') }

const callers: Record<string, Caller> = {
  nomad: { args: { IgnoreUnknown: 'true', NOMAD_NAMESPACE: 'default', NOMAD_JOB_ID: 'web' } },
  buildkit: { args: {} },
  nerdctl: { args: { IgnoreUnknown: '1', NERDCTL_CNI_DHCP_HOSTNAME: 'web' } },
  podman: { args: { IgnoreUnknown: '1', K8S_POD_NAME: 'web' } },
  'cri-o': {},
  containerd: {},
  'flannel-bridge': {},
  'flannel-ptp': {},
  'flannel-macvlan': nic,
  'kube-ovn': nic,
  'kube-ovn-macvtap': nic,
  kindnet: {},
  gce: {},
  kubevirt: bridge,
  'kubevirt-macspoofchk': bridge,
  openshift: nic,
}

for (const [name, caller] of Object.entries(callers)) testCaller(name, caller)

test('each list has its origin in the README, and is used by a test', () => {
  const text = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')
  const names = readdirSync(callersDirectory).filter((file) => file.endsWith('.conflist'))
  const readme = readFileSync(join(callersDirectory, 'README.md'), 'utf8')
  const tests = text('callers.test.ts') + text('callers-kinds.test.ts')
  for (const name of names.map((file) => file.replace('.conflist', ''))) {
    assert.match(readme, `| [${name}](${name}.conflist) |`)
    assert.match(tests, new RegExp(`^  '?${name}'?: `, 'm'))
  }
})

test.run()
