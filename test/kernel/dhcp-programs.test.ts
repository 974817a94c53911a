/** What dhcp's programs keep: the helper in which ADD leaves its packet socket, and the memory of `patchbay dhcp`. */
// needs: link macvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { isThere, lastHelper, openFiles } from '../harness/helper.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { atPidsLimit } from '../harness/pids-limit.ts'
import { type Call, callAlone } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { usageOf } from '../harness/usage.ts'

await privateHost()

const lan = segment('nic0')
const server = station(lan, 'server', '10.7.0.1/16')
await dnsmasqOn(server, { ranges: ['10.7.1.0,10.7.2.255,255.255.0.0,2h'], options: { router: '10.7.0.1' } })
const renewer = await startRenewer()

const keys = { cniVersion: '1.0.0', name: 'programs', master: 'nic0' }
const config = { type: 'macvlan', ...keys, ipam: { type: 'dhcp' } }

function run(verb: Call['verb'], { name, path }: Netns, more: Partial<Call> = {}): void {
  const { status, json } = callAlone({ verb, config, containerID: name, netns: path, ...more })
  assert.is(status, 0, JSON.stringify(json))
}

test('ADD ends before its packet socket is free: a helper has that, and netlink, and nothing else', async () => {
  const container = newContainer()
  run('ADD', container, { engine: 'test', env: { PATCHBAY_LINGER: '60000' } })
  const helper = lastHelper()
  assert.ok(isThere(helper))
  await until('it has closed all else', () => openFiles(helper).length === 2)
  assert.equal(openFiles(helper), ['socket:[N]', 'socket:[N]'])
  process.kill(helper, 'SIGKILL')
  run('DEL', container)
})

test('where no process can be made ADD waits for the socket itself', async () => {
  const [container, before] = [newContainer(), lastHelper()]
  await atPidsLimit(async (under) => run('ADD', container, { under }))
  assert.is(lastHelper(), before)
  run('DEL', container)
})

const leases = 50

/** Attaches containers. What the renewer has in memory once it has read of them all: it tells of the one whose namespace has ended. */
async function memoryWith(containers: readonly Netns[]): Promise<number> {
  const [lost, told] = [newContainer(), renewer.log().length]
  for (const container of [...containers, lost]) run('ADD', container)
  removeContainer(lost)
  renewer.signal('SIGHUP')
  await until('the renewer has read the journal', () => renewer.log().length > told)
  return usageOf(renewer.pid).own
}

// Measured: 6 to 8 KiB for each of the first, 1 to 6 for the second; 280 before cycles were collected.
test(`patchbay dhcp needs at most 24 KiB for a lease, also for ${leases} that come after others have gone`, async () => {
  const empty = usageOf(renewer.pid).own
  const containers = Array.from({ length: leases }, () => newContainer())
  const first = await memoryWith(containers)
  for (const container of containers) run('DEL', container)
  const second = await memoryWith(containers)
  for (const memory of [first, second])
    assert.ok(memory > empty && memory - empty <= 24 * leases, `${empty}, then ${first}, then ${second} KiB`)
  for (const container of containers) run('DEL', container)
})

test.run()
