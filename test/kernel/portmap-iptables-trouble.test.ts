/** portmap by iptables: failing calls, kills, one port for many containers at once, with a reference among them. */
// needs: full speed, nft ip, iptables
// packages: containernetworking-plugins

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import { type Configuration, call, callAlone } from '../harness/plugin.ts'
import { reference } from '../harness/reference.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { newBridge } from './firewall-containers.ts'
import { portmapAdd } from './portmap-networks.ts'

await privateHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
const sandbox = newContainer()

/** A call of portmap for a container with an address of each family. */
function portmap(containerID: string, host: number, hostPort: number) {
  const portMappings = ['tcp', 'udp'].map((protocol) => ({ hostPort, containerPort: 80, protocol }))
  const addresses = [`10.88.0.${host}/24`, `fd88::${host}/64`]
  return portmapAdd({ containerID, netns: sandbox.path }, addresses, portMappings, { backend: 'iptables' })
}

// The chains of iptables' table nat stay.
for (const verb of ['ADD', 'DEL'] as const) callAlone({ ...portmap('alone', 77, 8080), verb })

/** The same for the reference, which Debian 12 has without the key "backend". */
function ofReference({ config }: { config: Configuration }): Configuration {
  const { backend: _, ...rest } = config
  return { ...rest, type: 'portmap' }
}

const look = () => snapshot()

/** The chains of containers, of both families. */
function chains(): string[] {
  return ['iptables-save', 'ip6tables-save'].flatMap(
    (program) => command(program, '-t', 'nat').match(/^:CNI-\S+/gm) ?? [],
  )
}

test('a failing call of ADD leaves nothing, and one of DEL is made good by the next DEL', async () => {
  const request = portmap('alone', 77, 8080)
  assert.equal(await harmOfFailures(request, { look }), [])
  assert.equal(await harmOfFailuresInDel(request, { look }), [])
})

test('ADD killed at any call leaves nothing after DEL', async () => {
  const harm = await harmOfKills(portmap('alone', 77, 8080), { look })
  // At execve(2) it is iptables that is killed, and ADD fails.
  assert.equal(
    harm.filter((line) => !/^execve .*: not killed$/.test(line)),
    [],
  )
})

test('of ten containers that ask for one port at once, one gets it; others get their own', async () => {
  const before = look()
  const rivals = Array.from({ length: 10 }, (_, index) => portmap(`r${index}`, 100 + index, 9000))
  const others = Array.from({ length: 5 }, (_, index) => portmap(`o${index}`, 120 + index, 9001 + index))
  const answers = await Promise.all([...rivals, ...others].map((request) => insisting(() => call(request))))
  const refused = answers.slice(0, rivals.length).filter(({ status }) => status !== 0)
  assert.is(refused.length, 9)
  for (const { json } of refused)
    assert.match(String(json?.msg), /host port 9000\/(tcp|udp) is taken by trouble\/r\d\/eth0/)
  assert.ok(answers.slice(rivals.length).every(({ status }) => status === 0))
  assert.is(new Set(chains()).size, 3 + 1 + others.length)
  const gone = await Promise.all(
    [...rivals, ...others].map((request) => insisting(() => call({ ...request, verb: 'DEL' }))),
  )
  assert.ok(gone.every(({ status }) => status === 0))
  assert.equal(chains(), [])
  assert.equal(look(), before)
})

test('ADDs and DELs beside those of the reference leave what is asked for', async () => {
  const ours = Array.from({ length: 6 }, (_, index) => portmap(`ours${index}`, 100 + index, 9000 + index))
  const theirs = Array.from({ length: 6 }, (_, index) => portmap(`theirs${index}`, 120 + index, 9100 + index))
  const stays = portmap('stays', 140, 9200)
  assert.is((await call(stays)).status, 0)
  for (const verb of ['ADD', 'DEL'] as const) {
    const answers = await Promise.all([
      ...ours.map((request) => insisting(() => call({ ...request, verb }))),
      ...theirs.map((request) => reference({ ...request, verb, config: ofReference(request) })),
    ])
    assert.ok(
      answers.every(({ status }) => status === 0),
      JSON.stringify(answers),
    )
    assert.is(new Set(chains()).size, 3 + (verb === 'ADD' ? 13 : 1))
  }
  assert.is((await call({ ...stays, verb: 'CHECK' })).status, 0)
  assert.is((await call({ ...stays, verb: 'DEL' })).status, 0)
  assert.equal(chains(), [])
})

test.run()
