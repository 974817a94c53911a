/** `patchbay test`: a healthy network passes, a broken one fails the check that it breaks, and nothing is left of either. */
// needs: nft ip, nft bridge

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type * as cnitool from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { ownEtc } from '../harness/etc.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, privateHost, scratch, setSysctl, usableAtOnce } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { bridgeNetwork, fixed, ptpNetwork } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { answerOf, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { snapshot, withoutNumbers } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lists = '/etc/cni/net.d'
ownEtc(lists)
usableAtOnce()
farHost()
// ADD switches it on, and it stays.
for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) setSysctl(`net/${name}`, 1)

const file = `${executables()}/patchbay`
const directory = `${scratch}/scripts`
mkdirSync(directory)
const env = { CNI_PATH: `${executables()}:${directory}`, PATH: process.env.PATH ?? '' }

/** Writes a list to /etc/cni/net.d. @param more plugins behind its own @returns its name */
function written(net: cnitool.Network, ...more: cnitool.Network['plugins']): string {
  writeFileSync(
    `${lists}/${net.name}.conflist`,
    JSON.stringify({ ...net, plugins: [...net.plugins, ...more] }),
  )
  return net.name
}

/** A plugin that is a script: it does something at ADD, and passes the result on. */
function script(name: string, atAdd: string): { type: string } {
  const lines = `#!/bin/sh
input=$(cat)
test $CNI_COMMAND = ADD || exit 0
end=$(printf %s "$input" | grep -o 'veth[0-9a-f]*' | head -n 1)
${atAdd}
printf %s "$input" | sed 's/.*"prevResult"://; s/}$//'
`
  writeFileSync(`${directory}/${name}`, lines, { mode: 0o755 })
  return { type: name }
}

interface Tried {
  kept: string[]
  checks: { check: string; outcome: string; reason: string }[]
}

const look = () => [...withoutNumbers(snapshot()), ...names()]
const names = () => readdirSync('/run/netns').filter((name) => name.startsWith('patchbay-test'))

/** Tries a network, after which the host is as before. @returns the checks with an outcome */
async function tried(network: string, status: 0 | 1, seconds = 5): Promise<(outcome: string) => string[]> {
  const before = look()
  const { checks } = await answerOf<Tried>(file, 'test', `${network} --timeout ${seconds}`, status, env)
  unchanged(before, look)
  return (outcome) => checks.filter((one) => one.outcome === outcome).map(({ check }) => check)
}

/** A network on a bridge that is there before, without addresses of the host. */
const onBridge = (keys = {}) => bridgeNetwork({ bridge: 'br-all', ...keys })
command('ip', 'link', 'add', 'br-all', 'address', '02:00:00:00:00:77', 'up', 'type', 'bridge')

const portmap = { type: 'portmap', capabilities: { portMappings: true } }
const gateway = { isDefaultGateway: true, ipMasq: true, hairpinMode: true }

operate(file, `test ${written(onBridge())}`, 0, env)

test('a bridge network with host ports and masquerade passes all that it is meant to do', async () => {
  const network = written(bridgeNetwork(gateway), portmap)
  operate(file, `test ${network}`, 0, env)
  const checks = await tried(network, 0)
  assert.equal(checks('not applicable'), ['isolation', 'name server'])
  assert.is(checks('passed').length, 20)
})

test('a ptp network passes, and a network whose containers are isolated, which do not reach each other', async () => {
  const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }]
  const net = ptpNetwork({ ipMasq: true })
  const ipam = { ...(net.plugins[0]?.ipam as object), routes }
  const network = written({ ...net, plugins: [{ ...net.plugins[0], type: 'ptp', ipam }] })
  operate(file, `test ${network}`, 0, env)
  const checks = await tried(network, 0)
  for (const name of ['ping IPv4', 'ping IPv6', 'MTU IPv6', 'masquerade IPv4', 'masquerade IPv6'])
    assert.ok(checks('passed').includes(name), name)
  const apart = written(bridgeNetwork(gateway), { type: 'firewall', ingressPolicy: 'isolated' })
  assert.match(operate(file, `test ${apart}`, 0, env), /passed +isolation /)
})

test('a macvlan network on a NIC passes; passthru and fixed addresses are tried with one container', async () => {
  const all = await tried(written(macvlanNetwork()), 0)
  assert.ok(['ping IPv4', 'ping IPv6', 'MTU IPv4', 'DEL'].every((name) => all('passed').includes(name)))
  for (const keys of [{ mode: 'passthru' }, { ipam: fixed('198.51.100.200/24') }]) {
    const one = await tried(written(macvlanNetwork(keys)), 0)
    assert.ok(one('not applicable').includes('add a second'))
    assert.ok(one('not applicable').includes('ping IPv4'))
  }
})

test('a rule that drops what is forwarded fails ping and masquerade, and nothing else', async () => {
  const routes = [{ dst: '0.0.0.0/0' }]
  const net = ptpNetwork({ ipMasq: true }, '1.0.0')
  const ipam = { type: 'host-local', subnet: '10.230.0.0/24', routes }
  const network = written({ ...net, plugins: [{ ...net.plugins[0], type: 'ptp', ipam }] })
  operate(file, `test ${network}`, 0, env)
  command(
    'nft',
    'add table ip drops; add chain ip drops c { type filter hook forward priority 0; policy drop; }',
  )
  const checks = await tried(network, 1, 2)
  assert.equal(checks('failed'), ['ping IPv4', 'masquerade IPv4'])
  command('nft', 'delete table ip drops')
})

test('a cable with a smaller MTU fails MTU alone; a port that is isolated fails ping; one that is not isolated fails isolation', async () => {
  const small = script('small', 'ip link set $end mtu 1400')
  const net = written(onBridge(), small)
  assert.equal((await tried(net, 1, 2))('failed'), ['MTU IPv4', 'MTU IPv6'])
  const apart = script('apart', 'bridge link set dev $end isolated on')
  const split = (await tried(written(onBridge(), apart), 1, 2))('failed')
  assert.equal(split.slice(0, 2), ['ping IPv4', 'ping IPv6'])
  const together = script('together', 'bridge link set dev $end isolated off')
  const joined = written(onBridge({ portIsolation: true }), together)
  assert.ok((await tried(joined, 1, 2))('failed').includes('isolation'))
})

test('a name server that answers passes, one that does not fails', async () => {
  const net = ptpNetwork()
  const number = Number(net.name.replace('net', ''))
  const { plugins, ...rest } = net
  const dns = { nameservers: [`10.${number}.0.1`] }
  const network = written({ ...rest, plugins: [{ ...plugins[0], type: 'ptp', dns }] })
  assert.equal((await tried(network, 1, 2))('failed'), ['name server'])
  const answering = `require('dgram').createSocket('udp4', function (query, from) { this.send(query, from.port, from.address) }).bind(53, () => console.log())`
  const server = spawn(process.execPath, ['-e', answering], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => server.stdout.once('data', resolve))
  assert.ok((await tried(network, 0))('passed').includes('name server'))
  server.kill()
})

test('after an ADD that fails, of the first container or the second, nothing is left', async () => {
  const never = script(
    'never',
    `echo '{"cniVersion": "1.0.0", "code": 100, "msg": "no \\u001b]0;x\\u0007 cable"}'; exit 1`,
  )
  const first = written(onBridge(), never)
  assert.equal((await tried(first, 1))('failed'), ['add'])
  const said = operate(file, `test ${first}`, 1, env)
  assert.not.match(said.replaceAll('\n', ''), /\p{Cc}/u)
  const once = script(
    'once',
    `case $CNI_CONTAINERID in *-2) echo '{"cniVersion": "1.0.0", "code": 100, "msg": "no cable"}'; exit 1;; esac`,
  )
  const checks = await tried(written(onBridge(), once), 1)
  assert.equal(checks('failed'), ['add a second'])
  assert.ok(checks('passed').includes('address IPv4'))
})

test('an interface and an address that DEL leaves fail DEL', async () => {
  const lines = `#!/bin/sh
cat > /dev/null
test $CNI_COMMAND = ADD || exit 0
ip -n \${CNI_NETNS##*/} link add eth0 type bridge
echo '{"cniVersion": "1.0.0", "interfaces": [{"name": "eth0", "sandbox": "'$CNI_NETNS'"}], "ips": []}'
`
  writeFileSync(`${directory}/leaves`, lines, { mode: 0o755 })
  const network = written({ cniVersion: '1.0.0', name: 'leaving', plugins: [{ type: 'leaves' }] })
  assert.equal((await tried(network, 1, 2))('failed'), ['DEL'])
})

/** The file of a namespace is there before the namespace is mounted on it. */
function isAttached(name: string): boolean {
  try {
    return exists('eth0', { name, path: '' })
  } catch {
    return false
  }
}

test('SIGINT in the middle removes all', async () => {
  const network = written(ptpNetwork({ dns: { nameservers: ['192.0.2.77'] } }))
  const before = look()
  const child = spawn(file, ['test', network, '--timeout', '60'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  await until('both are attached', () => names().filter(isAttached).length === 2)
  child.kill('SIGINT')
  const status = await new Promise((resolve) => child.on('close', resolve))
  assert.is(status, 1)
  assert.match(said, 'interrupted')
  unchanged(before, look)
})

test('--keep leaves what netns down removes; --dry-run makes nothing', async () => {
  const network = written(ptpNetwork())
  const before = look()
  const planned = await answerOf<Tried>(file, 'test', `${network} --dry-run`)
  assert.ok(planned.checks.some(({ check, outcome }) => check === 'ping' && outcome === 'planned'))
  assert.match(operate(file, `test ${network} --dry-run`), /planned +ping/)
  unchanged(before, look)
  const { kept } = await answerOf<Tried>(file, 'test', `${network} --keep`)
  assert.equal(names().sort(), [...kept].sort())
  for (const name of kept) operate(file, `netns down ${name}`)
  unchanged(before, look)
})

test.run()
