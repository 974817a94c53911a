/** bandwidth in trouble: failing calls, kills, namespaces gone. */
// needs: link ifb, link macvlan, qdisc tbf, qdisc htb

import { type Netns, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { addVeth } from '../harness/shaped.ts'
import { test } from '../harness/test.ts'
import { type Troubled, testTrouble } from '../harness/trouble.ts'

await privateHost()

const prevResult = { cniVersion: '1.1.0', interfaces: [{ name: 'eth0', sandbox: '/run/netns/c1' }], ips: [] }
const limits = { type: 'bandwidth', prevResult, ingressRate: 8_000_000, egressRate: 16_000_000 }

/** DEL leaves the interface, which bandwidth has not made: parallel ADDs are in bandwidth.test.ts. */
const atOnce = 1

const veth: Omit<Troubled, 'config'> = {
  atOnce,
  prepare: (container: Netns) => addVeth(container),
  goesWithNamespace: (line) => /\beth0-c\d+\b/.test(line),
}

testTrouble('limits of a veth', { ...veth, config: limits })
testTrouble('limits of a veth with an IFB and subnets', {
  ...veth,
  config: { ...limits, egress: 'ifb', unshapedSubnets: ['10.0.0.0/8', 'fd00::/8'] },
})
testTrouble('limits of a macvlan, with an IFB in the container', {
  config: limits,
  atOnce,
  prepare(container) {
    inContainer(container, 'link add below up type veth peer name other')
    inContainer(container, 'link add eth0 link below up type macvlan')
  },
})

test.run()
