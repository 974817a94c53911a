/** Every verb that reads, beside names and files that other programs have written to do harm; and without root. */
// needs: nft ip

import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { load } from 'js-yaml'
import * as assert from 'uvu/assert'
import { visible } from '../../cli/form/help.ts'
import { verbs } from '../../cli/verbs.ts'
import { attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { entry, hostileFiles } from '../harness/hostile.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { runAlone } from '../harness/program.ts'
import { test } from '../harness/test.ts'

await privateHost()
const lists = '/etc/cni/net.d'
ownEtc(lists, '/etc/containers/networks')
for (const directory of ['/var/lib/cni/results', '/run/patchbay']) mkdirSync(directory, { recursive: true })

const escapes = '\u001b]0;title\u0007\u009b31m\u202eeman\n<script>alert(1)</script>&\u2028'

const net = bridgeNetwork()
writeFileSync(`${lists}/1.conflist`, JSON.stringify(net))
const live = await attach(net)
for (const make of Object.values(hostileFiles)) make()
for (const name of [escapes, 'x'.repeat(1 << 20)]) {
  const cniArgs = [
    ['K8S_POD_NAME', name],
    ['K8S_POD_NAMESPACE', name],
  ]
  entry(`args${name.length}`, { netns: live.path, cniArgs, networkName: name, ifName: name })
}
writeFileSync(
  `${lists}/2.conflist`,
  JSON.stringify({ cniVersion: '1.0.0', name: escapes, plugins: [{ type: escapes, master: escapes }] }),
)
command('ip', 'link', 'add', 'evil0', 'type', 'veth', 'peer', 'name', 'evil1')
command('ip', 'link', 'set', 'evil0', 'alias', `patchbay:${escapes.slice(0, 40)}/x/eth0`)

/** Words for the verbs that read, where they need some. */
const words: Readonly<Record<string, readonly string[]>> = {
  show: ['cnitool'],
  'ipam show': ['10.9.9.1'],
  schema: ['bridge'],
  explain: ['mtu'],
}

/** They change something, wait, or need more than a host. */
const others = [
  'plan',
  'gc',
  'reapply',
  'reconcile',
  'add',
  'del',
  'check',
  'test',
  'capture',
  'netns up',
  'netns down',
  'ipam release',
  'bundle',
  'trace',
]

/** Those about etcd's keys are tested with hostile keys: test/unit/cli/pool/store.test.ts. */
const reading = (await visible(verbs)).filter(
  ([name, { answers }]) => answers && !others.includes(name) && !name.startsWith('pool '),
)

function patchbay(...line: string[]) {
  const limited = ['-c', 'ulimit -v 1000000; exec "$@"', 'sh', `${executables()}/patchbay`, ...line]
  return runAlone('sh', limited, { timeout: 30_000 })
}

for (const [name] of reading)
  test(`${name} prints no control character of a hostile name, in any format`, () => {
    const line = [...name.split(' '), ...(words[name] ?? [])]
    for (const format of ['table', 'json', 'yaml']) {
      const { status, stdout, stderr } = patchbay(...line, '-o', format)
      assert.ok(status === 0 || status === 1, `${format}: ${status} ${stderr}`)
      for (const text of [stdout, stderr])
        assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u, format)
      assert.ok(stderr.length < 100_000, `${format}: ${stderr.length} characters of errors`)
      if (format === 'table') assert.ok(stdout.length < 1 << 20, `${stdout.length} characters for people`)
      if (stdout !== '' && format === 'json') JSON.parse(stdout)
      if (stdout !== '' && format === 'yaml') load(stdout)
    }
  })

/** A copy that each user may execute: the directories of the build may be root's alone. */
const readable = `${scratch}/patchbay`
copyFileSync(`${executables()}/patchbay`, readable)
chmodSync(readable, 0o755)

const unprivileged = ['--reuid', '65534', '--regid', '65534', '--clear-groups']

// The check of addresses judges by the namespaces of containers, which are root's.
for (const [name] of reading.filter(([name]) => name !== 'ipam check'))
  test(`${name} answers without root, with what it can see`, () => {
    const line = [...name.split(' '), ...(words[name] ?? []), '-o', 'json']
    const { status, stdout, stderr } = runAlone('setpriv', [...unprivileged, readable, ...line])
    assert.ok(status === 0 || status === 1, `${status} ${stderr}`)
    assert.ok(stdout !== '', stderr)
    JSON.parse(stdout)
  })

test.run()
