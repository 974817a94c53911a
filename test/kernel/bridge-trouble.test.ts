/** bridge: failing calls, a kill, deleted namespaces; beside another container, or as the bridge's first. */
// needs: full speed, nft bridge, nft ip

import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { testFailures, testTrouble } from '../harness/trouble.ts'

await privateHost()

/** A bridge network with two subnets. */
function bridge(keys: Record<string, unknown>) {
  const config = { type: 'bridge', bridge: 'trouble0', ...keys }
  return { config, subnets: ['10.89.0.0/24', 'fd89::/64'] }
}

const masquerade = { isGateway: true, ipMasq: true }
const nftables = bridge({ ...masquerade, ipMasqBackend: 'nftables', macspoofchk: true })
const iptables = bridge({ ...masquerade, ipMasqBackend: 'iptables' })

// bridge-parallel.test.ts attaches 50 containers at once.
testTrouble('bridge with nftables', { ...nftables, beside: {}, atOnce: 1 })
testFailures('bridge with iptables', { ...iptables, beside: {} })
testFailures('bridge with default routes', { ...bridge({ isDefaultGateway: true }), beside: {} })
testFailures('first container of a bridge', {
  ...bridge({ isDefaultGateway: true, mtu: 1400 }),
  tidy: removeBridge,
})

/** Settings of ADD that an existing bridge does not have, so that ADD changes them. */
const changed = bridge({
  isGateway: true,
  forceAddress: true,
  promiscMode: true,
  ageingTime: 100,
  multicastSnooping: false,
  groupForwardMask: 16384,
})

testFailures('existing bridge with other settings', { ...changed, tidy: makeOtherBridge })
testFailures('existing bridge with other settings and another container', {
  ...changed,
  beside: { ageingTime: 300, multicastSnooping: true, groupForwardMask: 0, promiscMode: false },
  tidy: resetBridge,
})

/** A bridge of the operator's, down, with an address of its own. */
function makeOtherBridge(): void {
  removeBridge()
  ip('link add trouble0 address 02:00:5e:10:00:89 type bridge')
  ip('address add 10.89.0.254/24 dev trouble0')
  for (const state of ['up', 'down']) ip(`link set trouble0 ${state}`)
}

/** Takes back what ADD changes and DEL leaves. */
function resetBridge(): void {
  ip('link set dev trouble0 promisc off type bridge ageing_time 30000 mcast_snooping 1 group_fwd_mask 0')
}

/** Deletes the bridge that DEL leaves, so that the next ADD is the first again. */
function removeBridge(): void {
  if (exists('trouble0')) ip('link delete trouble0')
}

test.run()
