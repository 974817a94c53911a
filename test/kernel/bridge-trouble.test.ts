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

/** Deletes the bridge that DEL leaves, so that the next ADD is the first again. */
function removeBridge(): void {
  if (exists('trouble0')) ip('link delete trouble0')
}

test.run()
