/** The system calls of a plugin: none is made twice for the same answer. */
// needs: nft ip

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added } from '../harness/attach.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { bridgeNetwork, hostLocal, single } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const trace = `${scratch}/trace`
const under = ['strace', '-f', '-q', '-o', trace, '-e', 'trace=openat,socket,sendto,connect']

/** How often each of these is in the trace of a call. */
async function countsOf(request: Call) {
  const { status, json } = await call({ ...request, under })
  assert.is(status, 0, JSON.stringify(json))
  const calls = readFileSync(trace, 'utf8')
  const count = (pattern: RegExp) => calls.match(pattern)?.length ?? 0
  return {
    routeSockets: count(/socket\(AF_NETLINK, \S+, NETLINK_ROUTE\)/g),
    netfilterSockets: count(/socket\(AF_NETLINK, \S+, NETLINK_NETFILTER\)/g),
    bootIds: count(/random\/boot_id"/g),
    ownNamespaces: count(/"\/proc\/thread-self\/ns\/net"/g),
  }
}

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: a call opens one socket for each namespace and protocol, and reads what cannot change once`, async () => {
    const network = bridgeNetwork(
      { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', ipam: hostLocal('10.77.0.0/24') },
      '1.1.0',
    )
    const config = single(network)
    // Another network, whose segment STATUS compares.
    await added({ config: single(bridgeNetwork({}, '1.1.0')), engine, netns: newContainer().path })
    const request = { config, engine, netns: newContainer().path, containerID: 'counted' }
    const once = { routeSockets: 2, netfilterSockets: 1, bootIds: 1, ownNamespaces: 1 }
    const none = { ...once, routeSockets: 1, ownNamespaces: 0 }
    assert.equal(await countsOf({ ...request, verb: 'ADD' }), once)
    assert.equal(await countsOf({ ...request, verb: 'STATUS' }), { ...once, routeSockets: 1 })
    const valid = [{ containerID: 'counted', ifname: 'eth0' }]
    assert.equal(
      await countsOf({ ...request, verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': valid } }),
      none,
    )
    assert.equal(await countsOf({ ...request, verb: 'DEL' }), once)
  })

test.run()
