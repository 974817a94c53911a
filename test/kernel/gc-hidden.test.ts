/** `patchbay gc` leaves containers whose namespace lives, although its path does not lead there. */
// needs: link macvlan, nft ip

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { gc } from '../harness/ended.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { attachment, create, podmanNetwork, setup } from '../harness/netavark.ts'
import { fixed } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
farHost()
const podmanLists = '/etc/containers/networks'
ownEtc(podmanLists)

/** A program that says when it runs, and then waits. */
async function started(...words: [string, ...string[]]): Promise<ChildProcess> {
  const [file, ...args] = [...words, 'sh', '-c', 'echo; exec sleep 1000']
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  return child
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Nothing but the path tells its namespace: the addresses are not host-local's, and the host has no end of it. */
const keys = { type: 'macvlan', master: 'uplink', hostAccess: true }

test('a namespace that is mounted for the runtime alone: its container stays, until the runtime removes the file', async () => {
  const before = snapshot()
  const container = await attach(network('hidden', { ...keys, ipam: fixed('10.60.0.2/24') }))
  const attached = snapshot()
  const runtime = await started('unshare', '--mount', '--propagation', 'private')
  command('umount', container.path)
  const stays = /^hidden\/\S+\/eth0: stays, its namespace cannot be seen from here\nattachments: 1 unknown\n$/
  assert.match(gc(), stays)
  unchanged(attached)
  await end(runtime)
  rmSync(container.path)
  assert.match(gc(), 'attachments: 1 deleted')
  unchanged(before)
})

test('podman: the path of a namespace is gone that a process is in: its container lives, until the process ends', async () => {
  const before = snapshot()
  const options = { network_interface: 'uplink', options: { hostAccess: 'true' } }
  const subnets = [{ subnet: '10.61.0.0/24' }]
  const net = create(podmanNetwork('patchbay-macvlan', { ...options, subnets }))
  writeFileSync(`${podmanLists}/${net.name}.json`, JSON.stringify(net))
  const container = newContainer()
  setup(attachment(net, { static_ips: ['10.61.0.2'] }), container)
  const attached = snapshot()
  const process = await started('ip', 'netns', 'exec', container.name)
  removeContainer(container)
  assert.is(gc(), 'attachments: 1 live\n')
  unchanged(attached)
  await end(process)
  await until('gc sees that it has ended', () => gc('--dry-run').includes('would be deleted'))
  gc()
  unchanged(before)
})

test.run()
