/** The built executables and the reference's work on the same reservations: ADD, CHECK, DEL and GC. */
// packages: containernetworking-plugins

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { ipJson } from '../harness/command.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { reservedIn } from '../harness/look.ts'
import { type Answer, call, type Engine, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** Debian's build of the reference's plugins. */
const peer = '/usr/lib/cni'
/** The implementation that is called. */
type Side = Engine | 'reference'
type Verb = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC'

const dataDir = `${scratch}/networks`
test.before.each(() => rmSync(dataDir, { recursive: true, force: true }))

const ranges = [[{ subnet: '10.1.2.0/24' }], [{ subnet: '2001:db8::/64' }]]

function configure(ipam: object = { ranges }, rest: object = {}) {
  const section = { type: 'host-local', dataDir, ...ipam }
  return { cniVersion: '1.0.0', name: 'net', type: 'host-local', ipam: section, ...rest }
}

/** Calls host-local of an implementation. The namespace does not exist: IPAM does not open it. */
async function hostLocal(
  side: Side,
  verb: Verb,
  containerID: string,
  config: object = configure(),
  args = '',
): Promise<Answer> {
  if (side !== 'reference')
    return call({ verb, containerID, netns: '/none', args, engine: side, config: config as never })
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: containerID,
    CNI_NETNS: '/none',
    CNI_IFNAME: 'eth0',
    CNI_PATH: peer,
    CNI_ARGS: args,
  }
  const options = { env, extendEnv: false, input: JSON.stringify(config), reject: false } as const
  const { exitCode, stdout, stderr } = await execa(`${peer}/host-local`, options)
  return { status: exitCode ?? 127, json: stdout ? JSON.parse(stdout) : undefined, stderr }
}

/** Adds a container. @returns its addresses without prefix lengths */
async function add(side: Side, containerID: string, ...rest: [object?, string?]): Promise<string[]> {
  const { status, json } = await hostLocal(side, 'ADD', containerID, ...rest)
  assert.is(status, 0, JSON.stringify(json))
  return (json as unknown as Result).ips.map(({ address }) => address.replace(/\/\d+$/, ''))
}

const succeeds = async (...args: Parameters<typeof hostLocal>) => {
  const { status, json } = await hostLocal(...args)
  assert.is(status, 0, JSON.stringify(json))
}
const record = (address: string) => readFileSync(`${dataDir}/net/${address}`, 'latin1')
const reserved = () => reservedIn(`${dataDir}/net`)

for (const [one, other] of [
  ['quickjs', 'reference'],
  ['reference', 'quickjs'],
  ['node', 'quickjs'],
] as [Side, Side][]) {
  test(`${other} continues after, checks and releases what ${one} reserved`, async () => {
    assert.equal(await add(one, 'a'), ['10.1.2.2', '2001:db8::2'])
    assert.equal(await add(other, 'b'), ['10.1.2.3', '2001:db8::3'])
    assert.is(record('10.1.2.2'), 'a\r\neth0')
    assert.is(record('2001:db8::3'), 'b\r\neth0')
    await succeeds(other, 'CHECK', 'a')
    await succeeds(other, 'DEL', 'a')
    await succeeds(other, 'DEL', 'a')
    assert.is((await hostLocal(one, 'CHECK', 'a')).status, 1)
    assert.equal(reserved().sort(), ['10.1.2.3', '2001:db8::3'])
    assert.equal(await add(one, 'a'), ['10.1.2.4', '2001:db8::4'])
  })

  test(`an address that ${one} gave on request is refused by ${other}`, async () => {
    assert.equal(await add(one, 'a', undefined, 'IP=10.1.2.77'), ['10.1.2.77', '2001:db8::2'])
    const { status, json } = await hostLocal(other, 'ADD', 'b', configure(), 'IP=10.1.2.77')
    assert.is(status, 1)
    assert.match(String(json?.msg), 'requested IP address 10.1.2.77 is not available')
    assert.equal(await add(other, 'b'), ['10.1.2.78', '2001:db8::3'])
  })
}

test('reference and both engines at once never give an address twice', async () => {
  const sides: Side[] = ['reference', 'quickjs', 'reference', 'quickjs', 'node']
  const containers = Array.from({ length: 40 }, (_, at) => `c${at}`)
  const given = await Promise.all(
    containers.map((containerID, at) => add(sides[at % sides.length] as Side, containerID)),
  )
  assert.is(new Set(given.flat()).size, 80)
  for (const [at, addresses] of given.entries())
    for (const address of addresses) assert.is(record(address), `c${at}\r\neth0`)
  await Promise.all(
    containers.map((containerID, at) => succeeds(sides[(at + 1) % sides.length] as Side, 'DEL', containerID)),
  )
  assert.equal(reserved(), [])
})

test('a range that the reference filled is full, with code 11, and has room after the reference’s DEL', async () => {
  const config = configure({ subnet: '10.1.2.0/30' }, { cniVersion: '1.1.0' })
  await add('reference', 'a', configure({ subnet: '10.1.2.0/30' }))
  const { status, json } = await hostLocal('quickjs', 'ADD', 'b', config)
  assert.equal([status, json?.code], [1, 11])
  const answer = await hostLocal('quickjs', 'STATUS', '', config)
  assert.equal([answer.status, answer.json], [0, undefined])
  assert.match(answer.stderr, 'no IP addresses available in range set')
  await succeeds('reference', 'DEL', 'a', configure({ subnet: '10.1.2.0/30' }))
  await succeeds('quickjs', 'STATUS', '', config)
})

test('GC releases what the reference left behind', async () => {
  for (const containerID of ['a', 'b']) await add('reference', containerID)
  const valid = [{ containerID: 'b', ifname: 'eth0' }]
  const config = configure({ ranges }, { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid })
  await succeeds('quickjs', 'GC', '', config)
  assert.equal(reserved().sort(), ['10.1.2.3', '2001:db8::3'])
})

for (const engine of ['quickjs', 'node'] as const)
  for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])
    test(`${engine} gives the reference's answers in version ${cniVersion}, for host-local and static`, async () => {
      // Debian 12's reference supports versions up to 1.0.0.
      const known = cniVersion === '1.1.0' ? '1.0.0' : cniVersion
      const routes = [{ dst: '0.0.0.0/0', gw: '10.1.2.1' }]
      const answer = async (side: Side, version: string) => {
        const { json } = await hostLocal(
          side,
          'ADD',
          side,
          configure({ ranges, routes }, { cniVersion: version }),
        )
        rmSync(dataDir, { recursive: true })
        return { ...json, cniVersion: version }
      }
      const [ours, theirs] = [await answer(engine, cniVersion), await answer('reference', known)]
      const { dns = {}, ...rest } = theirs as { dns?: object }
      const expected = known === '1.0.0' ? rest : { ...rest, dns }
      assert.equal(ours, { ...expected, cniVersion })
      const addresses = [{ address: '10.1.2.9/24', gateway: '10.1.2.1' }]
      const config = { cniVersion, name: 'net', type: 'static', ipam: { type: 'static', addresses } }
      const { status, json } = await call({ verb: 'ADD', netns: '/none', engine, config })
      assert.is(status, 0)
      assert.match(JSON.stringify(json), '"10.1.2.9/24"')
    })

test('an IPAM that fails leaves neither interface nor address', async () => {
  const container = newContainer()
  const ipam = { ...configure({ ranges: [[{ subnet: '2001:db8::/64' }], [{ subnet: '10.1.2.0/30' }]] }).ipam }
  await add('reference', 'first', configure({ subnet: '10.1.2.0/30' }))
  const config = { cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'br7', ipam }
  const { json } = await call({ verb: 'ADD', containerID: 'a', netns: container.path, config })
  assert.is(json?.code, 11)
  assert.equal(reserved(), ['10.1.2.2'])
  assert.is(existsSync('/sys/class/net/br7'), false)
  assert.is(ipJson<{ ifname: string }>(`-n ${container.name} link show`).length, 1)
  removeContainer(container)
})

test.run()
