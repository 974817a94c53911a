/** Host ports by nftables with ten thousand of another container: an ADD makes the same calls, and a packet passes the same rules. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { faultsOf } from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { type Call, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { elements, ruleset } from './firewall-containers.ts'

await privateHost()
const sandbox = newContainer()

function portmap(containerID: string, address: number, hostPort: number, range: number): Call {
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', sandbox: sandbox.path }],
    ips: [`10.88.0.${address}/24`, `fd88::${address}/64`].map((text) => ({ address: text, interface: 0 })),
  }
  const portMappings = (['tcp', 'udp'] as const).map((protocol) => ({
    ...{ hostPort, containerPort: hostPort, protocol, range },
  }))
  const config = {
    type: 'portmap',
    name: 'many',
    cniVersion: '1.0.0',
    prevResult,
    runtimeConfig: { portMappings },
  }
  return { verb: 'ADD', config, containerID, netns: sandbox.path }
}

async function succeeds(request: Call): Promise<void> {
  const { status, json } = await call(request)
  assert.is(status, 0, JSON.stringify(json))
}

/** Chains, rules and sets, without elements. */
const rules = () => command('nft', '--terse', '--stateless', 'list', 'ruleset')

/** The system calls of ADD and DEL of a container beside another one, and the rules meanwhile. */
async function costBeside(other: Call) {
  await succeeds(other)
  const late = portmap('late', 3, 9, 1)
  const ofAdd = await faultsOf(late)
  const between = rules()
  const ofDel = await faultsOf({ ...late, verb: 'DEL' })
  await succeeds({ ...other, verb: 'DEL' })
  assert.is(rules(), '')
  return { between, ofAdd, ofDel }
}

test('beside ten thousand ports in each family, ADD and DEL make the calls that they make beside one, and there is no rule more', async () => {
  await costBeside(portmap('other', 2, 20_000, 1)) // makes the directories of records
  const few = await costBeside(portmap('other', 2, 20_000, 1))
  const many = await costBeside(portmap('other', 2, 20_000, 5_000))
  assert.ok(few.ofAdd.length > 10)
  assert.equal(many, few)
})

test('thousands of ports that another container has are refused: the kernel has more errors than the socket holds', async () => {
  const other = portmap('other', 2, 20_000, 2_000)
  await succeeds(other)
  const { json } = await call(portmap('late', 3, 20_000, 2_000))
  assert.is(json?.code, 11)
  assert.match(String(json?.msg), /host port 20000\/tcp is taken by many\/other\/eth0/)
  await succeeds({ ...other, verb: 'DEL' })
  assert.equal(ruleset(), [])
})

test('DEL of four times as many ports makes at most four times as many calls', async () => {
  const callsOfDel = async (range: number) => {
    const other = portmap('other', 2, 20_000, range)
    await succeeds(other)
    return (await faultsOf({ ...other, verb: 'DEL' })).length
  }
  const few = await callsOfDel(1000)
  assert.ok((await callsOfDel(4000)) < 4 * few)
})

test('only the hooks prerouting and output lead to a container: kernels of EL9 translate destinations in no other', async () => {
  const request = portmap('one', 2, 8080, 1)
  await succeeds(request)
  const chains = ruleset().flatMap(({ chain }) => (chain ? [chain] : []))
  const hooks = chains.flatMap(({ name, hook, type }) => (type === 'nat' ? [`${name} ${hook}`] : []))
  assert.equal([...new Set(hooks)].sort(), [
    'portmap-output output',
    'portmap-postrouting postrouting',
    'portmap-prerouting prerouting',
  ])
  assert.is(elements('ip', 'portmap-ports').length, 2)
  await succeeds({ ...request, verb: 'DEL' })
})

test.run()
