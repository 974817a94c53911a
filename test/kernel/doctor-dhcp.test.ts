/** `patchbay doctor`: faults of DHCP leases are made, found, mended by the printed commands, and gone. No server is asked. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { journalFile } from '../../shared/ipam/dhcp/journal.ts'
import { renewerLock } from '../../shared/ipam/dhcp/renewer.ts'
import { foundAndMended, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { journalled, leaseEntry } from '../harness/lease.ts'
import { newDirectory } from '../harness/operate.ts'
import { start } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
ownEtc('/etc/cni/net.d', '/etc/containers/networks')
mkdirSync('/run/patchbay', { recursive: true })

/** Programs that the printed commands call, which are not on this machine. */
const programs = newDirectory()
process.env.PATH = `${programs}:${process.env.PATH}`

function program(name: string, text: string): void {
  writeFileSync(`${programs}/${name}`, `#!/bin/sh -e\n${text}\n`, { mode: 0o755 })
}

const container = newContainer()
const attachment = { network: 'lan', containerID: 'c1', ifname: 'eth0' }
const fresh = () => journalled(leaseEntry(attachment, container))

/** It holds the lock as `patchbay dhcp` does. */
const renewer = start('flock', ['-F', renewerLock, 'sleep', 'infinity'])

/** The start of the unit: a process that holds the lock. */
const begins = `setsid flock -F ${renewerLock} sleep infinity > /dev/null 2>&1 &
until grep -q :$(stat -c %i ${renewerLock}) /proc/locks; do :; done`

/** A restart renews the lease: the journal has the entry as it was at first. */
function renews(): void {
  writeFileSync(`${programs}/entry`, readFileSync(journalFile(fresh())))
  program('systemctl', `test "$*" = "restart patchbay-dhcp"; cp ${programs}/entry ${journalFile(attachment)}`)
}

test('leases that are renewed are well', async () => {
  fresh()
  await silent()
})

test('patchbay dhcp does not run: how many leases end, which is the first, and when', async () => {
  renewer.kill()
  await renewer.ended
  journalled(leaseEntry({ ...attachment, ifname: 'eth1' }, container, { expire: 7200 }, '10.19.0.8/24'))
  program('systemctl', `test "$*" = "enable --now patchbay-dhcp"; ${begins}`)
  const found = await foundAndMended('leases-not-renewed', () => {})
  assert.is(found.subject, '2 leases')
  assert.match(
    found.cause,
    /^the first one ends \S+Z \(in (58|59|60)m\), that of 10\.19\.0\.7\/24 of c1 eth0 in lan/,
  )
  assert.is(found.severity, 'warning')
})

test('the server has not answered by T2', async () => {
  renews()
  const late = { renew: 10, rebind: 20, expire: 3600, ago: 30 }
  const found = await foundAndMended('lease-overdue', () =>
    journalled(leaseEntry(attachment, container, late)),
  )
  assert.match(found.cause, /10\.19\.0\.7\/24: it ends \S+Z \(in 59m\)/)
})

test('a lease has ended, or its address is gone', async () => {
  renews()
  const over = { renew: 10, rebind: 20, expire: 30, ago: 90 }
  const found = await foundAndMended('lease-expired', () =>
    journalled(leaseEntry(attachment, container, over)),
  )
  assert.is(found.severity, 'error')
  assert.is(found.subject, '10.19.0.7/24 of c1 eth0 in lan')
  const { lease4: _, ...entry } = leaseEntry(attachment, container)
  const gone = await foundAndMended('lease-expired', () =>
    journalled({ ...entry, now: { ips: [], routes: [], dns: {} } }),
  )
  assert.is(gone.evidence[0]?.value, '10.19.0.7/24 is gone')
})

test("the reference's daemon listens, and a container has a lease of ours", async () => {
  mkdirSync('/run/cni', { recursive: true })
  const server = "require('node:net').createServer().listen('/run/cni/dhcp.sock')"
  const daemon = start(process.execPath, ['-e', server])
  program('systemctl', `test "$*" = "disable --now cni-dhcp.socket cni-dhcp.service"; kill ${daemon.pid}`)
  const found = await foundAndMended('reference-dhcp-runs', () =>
    until('it listens', () => existsSync('/run/cni/dhcp.sock')),
  )
  assert.equal(
    found.evidence.map(({ value }) => value),
    ['a process listens', '2 attachments'],
  )
})

test.run()
