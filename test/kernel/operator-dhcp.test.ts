/** What the verbs of the operator say of DHCP leases: the journal has them, and no server is asked. */
// needs: link macvlan

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import type { answer as bundleAnswer } from '../../cli/answers/bundle.ts'
import type { answer as ipamAnswer } from '../../cli/answers/ipam-ls.ts'
import type { answer as addressAnswer } from '../../cli/answers/ipam-show.ts'
import type { answer as lsAnswer } from '../../cli/answers/ls.ts'
import type { answer as planAnswer } from '../../cli/answers/plan.ts'
import type { answer as showAnswer } from '../../cli/answers/show.ts'
import type { answer as statusAnswer } from '../../cli/answers/status.ts'
import type { answer as validateAnswer } from '../../cli/answers/validate.ts'
import { journalFile } from '../../shared/ipam/dhcp/journal.ts'
import { attach } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { journalled, leaseEntry } from '../harness/lease.ts'
import { ptpNetwork } from '../harness/networks.ts'
import { answerOf, newDirectory, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { seriesIn } from '../harness/prometheus.ts'
import { test } from '../harness/test.ts'

await privateHost()
const lists = '/etc/cni/net.d'
ownEtc(lists, '/etc/containers/networks')
const file = `${executables()}/patchbay`

/** The runtime's cache has what ADD answered: 10.19.0.7. The journal has what the server has given since: 10.19.0.9. */
const given = [{ address: '10.19.0.7/24', gateway: '10.19.0.1' }]
const net = ptpNetwork({ ipam: { type: 'static', addresses: given } })
const container = await attach(net)
const [entry = ''] = readdirSync('/var/lib/cni/results')
const { containerId: containerID } = JSON.parse(readFileSync(`/var/lib/cni/results/${entry}`, 'utf8'))
const attachment = { network: net.name, containerID, ifname: 'eth0' }
const { now } = leaseEntry(attachment, container, {}, '10.19.0.9/24')
journalled({ ...leaseEntry(attachment, container), now })

/** No cache knows this one. */
const other = newContainer()
journalled(
  leaseEntry({ network: 'lan', containerID: 'c1', ifname: 'net1' }, other, { expire: 7200 }, '10.20.0.7/24'),
)

test('ls has the address of now in place of that of ADD, and attachments that only the journal knows', async () => {
  const all = await answerOf<z.infer<typeof lsAnswer>>(file, 'ls', '--live')
  assert.equal(
    all.map(({ network, addresses }) => [network, ...addresses]),
    [
      ['lan', '10.20.0.7/24'],
      [net.name, '10.19.0.9/24'],
    ],
  )
})

test('show has the lease: the server, when it is asked again, when it ends, and what it knows the container by', async () => {
  const { attachments } = await answerOf<z.infer<typeof showAnswer>>(file, 'show', containerID)
  const [{ leases: [lease] = [], gateways } = { leases: [] }] = attachments
  assert.equal([lease?.server, lease?.hostname, gateways], ['10.19.0.1', 'web-0', ['10.19.0.1']])
  const text = operate(file, `show ${containerID}`)
  assert.match(
    text,
    /lease +10\.19\.0\.7\/24 from 10\.19\.0\.1, asks it again in (29|30)m, ends in (59|60)m\n/,
  )
  assert.match(text, /client web-0, host name web-0/)
})

test('ipam ls lists leases, and ipam show names the container of an address', async () => {
  const { leases, holders } = await answerOf<z.infer<typeof ipamAnswer>>(file, 'ipam ls', 'lan')
  assert.equal(
    leases.map(({ addresses, life, interface: name }) => [...addresses, life, name]),
    [['10.20.0.7/24', 'lives', 'net1']],
  )
  assert.equal(holders, [])
  assert.match(operate(file, 'ipam ls'), /10\.20\.0\.7\/24 +lan +c1 +net1 .*lives/)
  const found = await answerOf<z.infer<typeof addressAnswer>>(file, 'ipam show', '10.20.0.7')
  assert.equal(
    found.leases.map(({ container: id }) => id),
    ['c1'],
  )
  assert.match(operate(file, 'ipam show 10.20.0.7'), /lease +lan: c1 net1: 10\.20\.0\.7\/24 from/)
})

test('status has a line of leases, and metrics count them', async () => {
  const { leases, lines } = await answerOf<z.infer<typeof statusAnswer>>(file, 'status', '', 1)
  assert.equal([leases?.total, leases?.renewed], [2, false])
  assert.is(lines.find(({ subject }) => subject === 'leases')?.remedy, 'systemctl enable --now patchbay-dhcp')
  const all = seriesIn(operate(file, 'metrics')).filter(({ name }) => name.startsWith('patchbay_dhcp'))
  assert.equal(
    all.map(({ name, labels, value }) => [name, labels.network, value > 3000 ? 'an hour' : value]),
    [
      ['patchbay_dhcp_leases', 'lan', 1],
      ['patchbay_dhcp_leases', net.name, 1],
      ['patchbay_dhcp_renewer_up', undefined, 0],
      ['patchbay_dhcp_first_expiry_seconds', undefined, 'an hour'],
    ],
  )
})

test('a bundle has the journal, without names and options of containers', async () => {
  const archive = `${newDirectory()}/bundle.tar`
  const { files } = await answerOf<z.infer<typeof bundleAnswer>>(file, 'bundle', archive)
  const [path = ''] = files.flatMap(({ name }) => (name.startsWith('records/dhcp/') ? name : []))
  assert.ok(path, JSON.stringify(files.map(({ name }) => name)))
  const text = command('tar', '-xaOf', archive, '--wildcards', `*/${path}`)
  assert.match(text, /"clientId": "\*\*\*",\s+"hostname": "\*\*\*"/)
  assert.match(text, '"server": "10.')
  assert.not.match(text, /web-0|class/)
})

const dhcpList = (plugin: object, name = 'served') => {
  const path = `${scratch}/${name}.conflist`
  writeFileSync(path, JSON.stringify({ cniVersion: '1.0.0', name, plugins: [plugin] }))
  return path
}

test('plan says at once that the server gives the address, and goes on with a stand-in', async () => {
  ip('link add lan0 up type veth peer name lan0-peer')
  const list = dhcpList({ type: 'macvlan', master: 'lan0', ipam: { type: 'dhcp', ipv6: 'both' } })
  const steps = await answerOf<z.infer<typeof planAnswer>>(file, 'plan', list)
  const commands = steps.map(({ command: text }) => text).join('\n')
  for (const word of ['192.0.2.2/24', '2001:db8::2/64', 'via 192.0.2.1', 'type macvlan'])
    assert.ok(commands.includes(word), `${word}: ${commands}`)
  assert.match(operate(file, `plan ${list}`), "the network's DHCP server, which a plan does not ask")
})

test('validate warns of one client ID for all, and of leases that end without a daemon', async () => {
  const list = dhcpList({ type: 'macvlan', master: 'lan0', ipam: { type: 'dhcp', clientId: 'all' } })
  const { findings } = await answerOf<z.infer<typeof validateAnswer>>(file, 'validate', list)
  assert.equal(
    findings.map(({ severity, message }) => [severity, message.slice(0, 24)]),
    [
      ['warning', 'ipam.clientId "all" is t'],
      ['warning', 'ipam.type dhcp: no patch'],
    ],
  )
})

test('gc ends an attachment that only the journal knows, when its namespace is gone', () => {
  const plugin = { type: 'macvlan', master: 'lan0', ipam: { type: 'dhcp' } }
  const gone = newContainer()
  const ended = { network: 'served', containerID: 'c2', ifname: 'eth0' }
  journalled(leaseEntry(ended, gone, {}, '10.21.0.7/24'))
  removeContainer(gone)
  writeFileSync(`${lists}/10-served.conflist`, readFileSync(dhcpList(plugin)))
  assert.match(operate(file, 'gc'), /served.*c2/)
  assert.not.ok(existsSync(journalFile(ended)))
  assert.not.match(operate(file, 'ls'), 'c2')
})

test.run()
