/** `patchbay plan`: the commands of an ADD, from the requests that would be sent. */
// needs: nft ip, nft bridge, link macvlan, link vxlan, link ifb, qdisc tbf, iptables

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { requireAway } from '../../cli/plan/where.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { closeNamespace, inNamespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { bridgeNetwork, hostLocal, newNetwork, ptpNetwork, wireNetwork } from '../harness/networks.ts'
import { answerOf, operate, run } from '../harness/operate.ts'
import { nic, testPlanned } from '../harness/planned.ts'
import { type Engine, executables } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const patchbay = (engine?: Engine) => `${executables(engine)}/patchbay`

const chained = (network: Network, ...plugins: Network['plugins']): Network => ({
  ...network,
  plugins: [...network.plugins, ...plugins],
})

const portmap = { type: 'portmap', capabilities: { portMappings: true } }
const portMappings = [
  { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostPort: 5353, containerPort: 53, protocol: 'udp', hostIP: '198.51.100.10' },
]

const full = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true, hairpinMode: true })
testPlanned('bridge with masquerade, portmap, firewall, tuning', {
  network: {
    ...full,
    plugins: [
      ...full.plugins,
      portmap,
      { type: 'firewall', ingressPolicy: 'same-bridge' },
      {
        type: 'tuning',
        mtu: 1400,
        mac: '02:00:00:00:07:01',
        sysctl: { 'net.ipv4.ip_local_port_range': '2000 3000' },
      },
    ],
  },
  capabilities: { portMappings },
})

const byIptables = bridgeNetwork({ isGateway: true, ipMasq: true, ipMasqBackend: 'iptables' })
testPlanned('bridge with masquerade and portmap by iptables', {
  network: chained(byIptables, { ...portmap, backend: 'iptables' }),
  capabilities: { portMappings },
})

const ptp = ptpNetwork({ ipMasq: true })
testPlanned('ptp with masquerade and portmap', {
  network: { ...ptp, plugins: [...ptp.plugins, portmap] },
  capabilities: { portMappings },
})

testPlanned('macvlan with tuning and sbr', {
  network: chained(
    newNetwork('macvlan', { mode: 'private', mtu: 1400 }),
    { type: 'tuning', promisc: true, sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } },
    { type: 'sbr' },
  ),
})

testPlanned('macvlan with access to the host', {
  network: newNetwork('macvlan', { master: 'eth0', hostAccess: true }),
})

testPlanned('vxlan with two remotes', {
  network: newNetwork('vxlan', { vni: 77, remotes: ['198.51.100.2', '198.51.100.3'] }),
})

testPlanned('bridge with bandwidth', {
  network: chained(bridgeNetwork({ isGateway: true }), {
    type: 'bandwidth',
    ingressRate: 1e6,
    ingressBurst: 1e6,
    egressRate: 2e6,
    egressBurst: 2e6,
  }),
})

testPlanned('wire', { network: wireNetwork({ wire: 'one' }) })

testPlanned('host-device', {
  network: newNetwork('host-device', { device: 'eth1' }),
  host: `${nic}
ip link add eth1 address 02:00:00:00:00:03 type veth peer name far1
ip link set far1 up`,
})

testPlanned('loopback', { network: { name: 'lo', cniVersion: '1.0.0', plugins: [{ type: 'loopback' }] } })

testPlanned('tap', { network: newNetwork('tap', { mode: 'tap', owner: 1000 }) })

function fileOf(network: object): string {
  const file = `${scratch}/plan.json`
  writeFileSync(file, JSON.stringify(network))
  return file
}

interface Step {
  plugin: string
  command: string
  where: string
}

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: as JSON, each command has its plugin and says where it changes something`, async () => {
    const before = snapshot()
    const network = ptpNetwork({ ipMasq: true })
    const steps = await answerOf<Step[]>(patchbay(engine), 'plan', fileOf(network))
    const [first] = steps
    assert.match(String(first?.command), /^ip link add veth\w+ type veth peer name eth0 netns \$NETNS$/)
    assert.equal([first?.plugin, first?.where], ['ptp', 'host'])
    const inside = steps.filter(({ where }) => where === 'container')
    assert.ok(inside.length > 3)
    assert.ok(inside.every(({ command }) => command.startsWith('nsenter --net=$NETNS ')))
    assert.is(steps.filter(({ command }) => command.startsWith("nft -f - <<'EOF'\n")).length, 1)
    unchanged(before)
  })

test('what the host has already is not planned: the bridge, the tables and their rules', async () => {
  const network = bridgeNetwork({ isGateway: true, ipMasq: true, ipam: hostLocal('10.98.0.0/24') })
  const planned = () => operate(patchbay(), `plan ${fileOf(network)}`)
  assert.match(planned(), /^ip link add \S+ .*type bridge$/m)
  const live = await attach(network)
  const again = planned()
  assert.not.match(again, /type bridge$|add rule|add chain|add table|ip_forward/m)
  assert.match(
    again,
    /^nft -f - <<'EOF'\nadd element ip patchbay masquerade-addresses .*\nadd element .*\nEOF$/m,
  )
  await live.del()
})

test('another IPAM plugin is not called, and another project’s plugin is named', () => {
  const ipam = { ...ptpNetwork({ ipam: { type: 'whereabouts' } }) }
  assert.match(
    operate(patchbay(), `plan ${fileOf(ipam)}`, 1),
    /ipam\.type "whereabouts" is no plugin of Patchbay's/,
  )
  const foreign = chained(ptpNetwork(), { type: 'cilium-cni' })
  assert.match(
    operate(patchbay(), `plan ${fileOf(foreign)}`, 1),
    /type "cilium-cni" is no plugin of Patchbay's/,
  )
})

test('without root it says that it needs root', () => {
  const words = `--reuid 65534 --clear-groups --inh-caps=-all ${patchbay()} plan ${fileOf(ptpNetwork())}`
  const { status, stderr } = run('setpriv', words)
  assert.is(status, 1)
  assert.match(stderr, 'only root')
})

test('a name with characters of a shell is quoted', () => {
  const network = bridgeNetwork({ bridge: 'a;$(id)`id`', ipam: {} })
  const said = operate(patchbay(), `plan ${fileOf(network)}`)
  assert.match(said, /^ip link add 'a;\$\(id\)`id`' address \S+ type bridge$/m)
  const unquoted = said.replace(/^#.*$/gm, '').replace(/'[^']*'/g, '')
  assert.not.match(unquoted, '$(')
})

test('an address that another container holds is not planned for the next one', async () => {
  const network = ptpNetwork({ ipam: hostLocal('10.99.0.0/24') })
  const planned = () => operate(patchbay(), `plan ${fileOf(network)}`)
  assert.match(planned(), 'address add 10.99.0.2/24')
  const byName = operate(patchbay(), `plan ${network.name}`, 0, { NETCONFPATH: scratch })
  assert.match(byName, 'address add 10.99.0.2/24')
  const live = await attach(network)
  assert.match(planned(), 'address add 10.99.0.3/24')
  await live.del()
})

test('a parent that the host lacks is named, and the plan is made all the same', () => {
  const file = `${scratch}/lacking.json`
  writeFileSync(
    file,
    JSON.stringify({ ...newNetwork('macvlan', { master: 'nic7', ipam: hostLocal('10.77.0.0/24') }) }),
  )
  const said = operate(`${executables()}/patchbay`, `plan ${file}`, 1)
  assert.match(said, /there is no link nic7 on this host/)
  assert.match(said, /^ip link add link nic7 \S+ .*type macvlan/m)
})

test('a socket that is open in another namespace ends the plan before it could change that', () => {
  hostSocket()
  const container = newContainer()
  const other = openNamespace(container.path)
  assert.throws(() => inNamespace(other, requireAway), /what is open of the host would have it changed/)
  requireAway()
  closeNamespace(other)
})

test.run()
