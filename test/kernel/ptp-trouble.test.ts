/** ptp: failing calls, a kill, deleted namespaces; beside another container, or as the host's first. */
// needs: full speed, nft ip

import { privateHost, setSysctl } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testFailures, testTrouble } from '../harness/trouble.ts'

await privateHost()

/** A ptp network with two subnets. */
function ptp(keys: Record<string, unknown> = {}) {
  return { config: { type: 'ptp', ...keys }, subnets: ['10.89.0.0/24', 'fd89::/64'] }
}

const masquerade = ptp({ ipMasq: true, ipMasqBackend: 'nftables', mtu: 1400 })

// ptp-del.test.ts attaches 30 containers at once.
testTrouble('ptp with masquerade', { ...masquerade, beside: {}, atOnce: 1 })
testFailures('ptp', { ...ptp(), beside: {} })
testFailures('ptp as the host’s first container', { ...ptp(), tidy: forwardNothing })

/** DEL leaves forwarding on: other networks may need it. */
function forwardNothing(): void {
  setSysctl('net/ipv4/ip_forward', 0)
  setSysctl('net/ipv6/conf/all/forwarding', 0)
}

test.run()
