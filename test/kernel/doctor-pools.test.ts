/** `patchbay doctor`: faults of pools are made, found, mended by the printed commands, and gone. Nothing asks etcd. */

import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { holdingsFile, writeHoldings, writeHost } from '../../shared/store/files.ts'
import type { HeldBlock, Holdings } from '../../shared/store/memory.ts'
import { attach } from '../harness/attach.ts'
import { type Found, findings, foundAndMended, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost } from '../harness/host.ts'
import { ptpNetwork } from '../harness/networks.ts'
import { answerOf, newDirectory, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { blue, hostID, storeID } from '../harness/pool-store.ts'
import { start } from '../harness/program.ts'
import { test } from '../harness/test.ts'

await privateHost()
const lists = '/etc/cni/net.d'
const dataDir = '/var/lib/cni/networks'
const file = `${executables()}/patchbay`
mkdirSync('/run/patchbay')
ownEtc(lists, '/etc/containers/networks', '/etc/patchbay')

/** Programs that the printed commands call, which are not on this machine. */
const programs = newDirectory()
process.env.PATH = `${programs}:${process.env.PATH}`

function program(name: string, text: string): void {
  writeFileSync(`${programs}/${name}`, `#!/bin/sh -e\n${text}\n`, { mode: 0o755 })
}

/** A network with addresses of 10.1.0.0/24, as if these were a pool's blocks. */
const net = ptpNetwork({ ipam: { type: 'host-local', subnet: '10.1.0.0/24' } })
const live = await attach(net)
const [address = ''] = live.addresses

function hold(...blocks: readonly Pick<HeldBlock, 'block' | 'state'>[]): string {
  const held = blocks.map((one) => ({ ...one, modified: 7 }))
  const holdings: Holdings = {
    ...{ network: net.name, dataDir, pool: 'blue', definition: blue, store: storeID, id: hostID('node1') },
    ...{ blocks: held, singles: [] },
  }
  writeHoldings(holdings)
  return holdingsFile(dataDir, net.name)
}

/** The runtime ends the container that has the address. */
const ends = () =>
  program('crictl', `test "$*" = "rmp -f ${containerOf(address)}"; rm ${dataDir}/${net.name}/${address}`)

const containerOf = (one: string) => readFileSync(`${dataDir}/${net.name}/${one}`, 'utf8').split('\r')[0]

const reserve = () => writeFileSync(`${dataDir}/${net.name}/${address}`, `${holder}\r\neth0`)
const holder = containerOf(address)

test('a host that holds what its containers have is well', async () => {
  writeHost({ id: hostID('node1'), stores: [], dataDirs: [dataDir] })
  hold({ block: '10.1.0.0/26', state: 'held' }, { block: '10.1.0.64/26', state: 'disputed' })
  await silent()
})

test("a file of a network's blocks, or of the host, is damaged", async () => {
  const found = await foundAndMended('pool-file-damaged', () => writeFileSync(hold(), '{"network": "'))
  assert.match(found.cause, 'gives no address')
  const other = await foundAndMended('pool-file-damaged', () =>
    writeFileSync(hold(), readFileSync(hold(), 'utf8').replace(`"network":"${net.name}"`, '"network":"x"')),
  )
  assert.match(other.evidence[0]?.value ?? '', 'it is of another network: x')
  const host = await foundAndMended('pool-file-damaged', () =>
    writeFileSync('/var/lib/patchbay/host.json', '[]'),
  )
  assert.match(host.cause, 'new ID')
})

test('a container has an address in a block that is disputed, or in none', async () => {
  ends()
  const found = await foundAndMended('block-disputed', () =>
    hold({ block: '10.1.0.0/26', state: 'disputed' }),
  )
  assert.is(found.subject, `${net.name} 10.1.0.0/26`)
  reserve()
  const other = await foundAndMended('address-unheld', () => hold({ block: '10.1.0.64/26', state: 'held' }))
  assert.is(other.subject, `${net.name} ${address}`)
  reserve()
})

test('a claim or a return of a former boot has had no answer; one of this boot is no fault', async () => {
  const path = hold({ block: '10.1.0.0/26', state: 'held' }, { block: '10.1.0.64/26', state: 'claiming' })
  await silent()
  program('systemctl', `test "$*" = "restart patchbay-agent"; sed -i s/claiming/held/ ${path}`)
  const found = await foundAndMended('claim-unanswered', () =>
    utimesSync(path, new Date(0), new Date(86400e3)),
  )
  assert.match(found.evidence[0]?.value ?? '', '10.1.0.64/26 is claiming')
})

const list = (keys: object) =>
  writeFileSync(
    `${lists}/10-a.conflist`,
    JSON.stringify({ cniVersion: '1.0.0', name: 'blue', plugins: [keys] }),
    { mode: 0o600 },
  )

test("others than root can read the store's client key", async () => {
  const [one, other] = ['/etc/patchbay/one.key', '/etc/patchbay/other.key']
  for (const path of [one, other]) writeFileSync(path, 'secret', { mode: 0o600 })
  writeFileSync('/etc/patchbay/store.json', JSON.stringify({ endpoints: ['https://a:2379'], key: one }))
  list({
    type: 'ptp',
    ipam: { type: 'pool', pool: 'blue', store: { endpoints: ['https://b:2379'], key: other } },
  })
  await silent('--before')
  for (const path of [one, other]) {
    const found = await foundAndMended('store-key-readable', () => chmodSync(path, 0o640))
    assert.is(found.subject, path)
    assert.not.match(JSON.stringify(found), 'secret')
  }
})

test('a network has its peers in the store, and the agent does not run', async () => {
  const lock = '/run/patchbay/agent.lock'
  const agent = start('flock', ['-F', lock, 'sleep', 'infinity'])
  list({ type: 'vxlan', vni: 100, peers: 'store', ipam: { type: 'pool', pool: 'blue' } })
  await silent()
  agent.kill()
  await agent.ended
  const begin = `setsid flock -F ${lock} sleep infinity > /dev/null 2>&1 &`
  program(
    'systemctl',
    `test "$*" = "enable --now patchbay-agent"; ${begin}\nuntil grep -q :$(stat -c %i ${lock}) /proc/locks; do :; done`,
  )
  await foundAndMended('agent-stopped', () => {})
  rmSync(`${lists}/10-a.conflist`)
})

test('a network needs the store, and patchbay-agent is not installed', async () => {
  const alone = newDirectory()
  operate(file, `install --to ${alone}`)
  rmSync(`${alone}/patchbay-agent`, { force: true })
  list({ type: 'ptp', ipam: { type: 'pool', pool: 'blue' } })
  const [found, ...others] = await answerOf<Found[]>(`${alone}/patchbay`, 'doctor', '--before', 1)
  assert.is(found?.fault, 'agent-missing')
  assert.match(found?.mend[0] ?? '', /patchbay install --to \S+ --agent$/)
  assert.equal(others, [])
  symlinkSync('/bin/true', `${alone}/patchbay-agent`)
  const now = await answerOf<Found[]>(`${alone}/patchbay`, 'doctor', '--before', 0)
  assert.equal(now, [])
  rmSync(`${lists}/10-a.conflist`)
})

test('ipam ls has the blocks that a network holds as ranges, and the bundle has the files about pools', async () => {
  writeHost({ id: hostID('node1'), stores: [], dataDirs: [dataDir] })
  hold({ block: '10.1.0.0/26', state: 'held' }, { block: '10.1.0.64/26', state: 'disputed' })
  const { ranges } = await answerOf<{ ranges: { range: string; used: number; network: string }[] }>(
    file,
    'ipam ls',
  )
  assert.equal(
    ranges.map(({ network, range, used }) => [network, range, used]),
    [
      [net.name, '10.1.0.1-10.1.0.254', 1],
      [net.name, '10.1.0.1-10.1.0.63', 1],
    ],
  )
  const { files } = await answerOf<{ files: { name: string }[] }>(file, 'bundle', '--dry-run')
  const names = files.map(({ name }) => name).filter((name) => /pool|host\.json/.test(name))
  assert.equal(names, [`pools/${net.name}.json`, 'pools/host.json'])
  assert.equal(findings(), [])
})

test.run()
