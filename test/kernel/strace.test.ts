/** Failing system calls with strace, the control of the engine of tests: the same calls, the same answers; and the calls of iptables. */
// needs: full speed, nft bridge, nft ip

import { copyFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import * as assert from 'uvu/assert'
import { command, ip } from '../harness/command.ts'
import { harmOfFailures } from '../harness/failing.ts'
import * as engine from '../harness/faults.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Answer, type Call, call } from '../harness/plugin.ts'
import { difference, snapshot, snapshotOf, withoutNumbers } from '../harness/snapshot.ts'
import * as strace from '../harness/strace.ts'
import { test } from '../harness/test.ts'

await privateHost()

const config = {
  bridge: '',
  ...single(bridgeNetwork({ isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', macspoofchk: true })),
}
const request: Call = { verb: 'ADD', config, netns: newContainer().path }

/** Makes the next ADD the first on its bridge. */
async function begin(): Promise<void> {
  await call({ ...request, verb: 'DEL' })
  ip(`link delete ${config.bridge}`)
  rmSync('/var/lib/cni', { recursive: true })
}

/** How often events are read depends on time. */
const isSteady = ({ syscall }: engine.Fault) => syscall !== 'recvfrom'

test('the engine of tests and strace list the same calls of an ADD', async () => {
  await engine.faultsOf(request) // The host forwards from now on.
  await begin()
  const listed = async ({ faultsOf }: Pick<typeof strace, 'faultsOf'>) => {
    const faults = await faultsOf(request)
    await begin()
    return faults.filter(isSteady).map(({ syscall, nth }) => `${syscall} ${nth}`)
  }
  // An ADD that has to wait for its port makes some calls more.
  let [ours, control] = [await listed(engine), await listed(strace)]
  for (let tries = 1; tries < 5 && difference(control, ours).length > 0; tries++)
    [ours, control] = [await listed(engine), await listed(strace)]
  assert.ok(ours.length > 100)
  assert.equal(difference(control, ours), [])
})

/** An answer without MAC addresses, which are random. */
const outcome = ({ status, json }: Answer) => [status, json?.code, json?.msg]

test('a call that fails in the engine of tests, or with strace in the shipped one, has the same answer', async () => {
  const faults = await engine.faultsOf(request)
  await begin()
  const firsts = faults.filter(({ nth }) => nth === 1)
  assert.ok(firsts.length > 10)
  for (const fault of firsts) {
    const ours = await engine.withFault(request, fault)
    if (ours.status === 0) await begin()
    assert.equal(outcome(await strace.withFault(request, fault)), outcome(ours), fault.syscall)
    if (ours.status === 0) await begin()
  }
})

/** The program behind all names of iptables, a copy of it, and the fault of the next run. */
const iptables = realpathSync('/usr/sbin/iptables-restore')
const copy = `${scratch}/${basename(iptables)}`
const next = `${scratch}/fault`

/** Runs strace in the place of iptables: with the options of the fault, if that names this program. */
const wrapper = `#!/bin/sh
name=\${0##*/}
read -r faulty options <${next}
case $name in "$faulty"-*) ;; *) options= ;; esac
exec strace -f -q -o "${scratch}/$name" $options ${copy} "$name" "$@"
`

/** Makes calls of iptables or ip6tables fail instead of the plugin's. */
function inProgram(name: 'iptables' | 'ip6tables') {
  return {
    faultsOf: async (request: Call) => {
      writeFileSync(next, 'none\n')
      await call(request)
      return strace.faultsIn(`${scratch}/${name}-restore`)
    },
    withFault: async (request: Call, fault: engine.Fault) => {
      writeFileSync(next, `${name} ${strace.optionsFor(fault).join(' ')}\n`)
      const answer = await call(request)
      writeFileSync(next, 'none\n')
      return answer
    },
  }
}

test('a failing call of iptables leaves nothing, or does no harm', async () => {
  copyFileSync(iptables, copy)
  writeFileSync(next, 'none\n')
  writeFileSync(`${scratch}/wrapper`, wrapper, { mode: 0o755 })
  command('mount', '--bind', `${scratch}/wrapper`, iptables)
  const { path: netns, name } = newContainer()
  const network = single(bridgeNetwork({ isGateway: true, ipMasq: true, ipMasqBackend: 'iptables' }))
  await call({ verb: 'ADD', config: network, containerID: 'resident', netns: newContainer().path })
  const look = () => withoutNumbers([...snapshot(), ...snapshotOf(name)])
  for (const program of ['iptables', 'ip6tables'] as const) {
    const place = { look, by: inProgram(program) }
    assert.equal(await harmOfFailures({ verb: 'ADD', config: network, netns }, place), [])
  }
})

test.run()
