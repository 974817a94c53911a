/** Multus' calls, by a stand-in: delegates in order, and the values of a pod's annotation. */
// needs: nft ip, link macvlan

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import type { Network } from '../harness/cnitool.ts'
import { gc } from '../harness/ended.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { lan, removeLan } from '../harness/lan.ts'
import { addresses, exists, link, reservedIn, routes } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { cacheIn } from './harness/cache.ts'
import { type Attachment, libcni } from './harness/libcni.ts'
import { type Runtime, testLife } from './harness/life.ts'
import { lose, newPod, type Pod, removeBridges } from './harness/pods.ts'

await privateHost()

/** An entry of the annotation `k8s.v1.cni.cncf.io/networks`, with its NetworkAttachmentDefinition. */
interface Delegate {
  net: Network
  ips?: string[]
  mac?: string
  'cni-args'?: Record<string, unknown>
}

const cluster: Delegate = {
  net: {
    cniVersion: '1.1.0',
    name: 'cluster',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isDefaultGateway: true,
        ipMasq: true,
        ipam: hostLocal('10.98.0.0/24'),
      },
    ],
  },
}

const routed = (more: object = {}): Delegate => ({
  net: {
    cniVersion: '1.0.0',
    name: 'second',
    plugins: [{ type: 'ptp', ipam: { ...hostLocal('10.99.0.0/24'), ...more } }],
  },
})

/** `cni-args` become `args.cni` of each plugin. */
function listOf({ net, 'cni-args': cni }: Delegate): Network {
  return cni ? { ...net, plugins: net.plugins.map((plugin) => ({ ...plugin, args: { cni } })) } : net
}

const ifnameOf = (number: number) => (number === 0 ? 'eth0' : `net${number}`)

function attachmentOf({ id, path, number }: Pod, index: number, { ips, mac }: Delegate): Attachment {
  const args = {
    IgnoreUnknown: 'true',
    K8S_POD_NAMESPACE: 'default',
    K8S_POD_NAME: `web-${number}`,
    K8S_POD_INFRA_CONTAINER_ID: id,
  }
  const capabilities = { ...(ips && { ips }), ...(mac && { mac }) }
  return { id, netns: path, ifname: ifnameOf(index), args, capabilities }
}

/** Where Multus has the results of its delegates; the runtime has those of Multus itself in libcni's own directory. */
const cniDir = '/var/lib/cni/multus'

/** Multus' verbs for a pod with these delegates. A delegate that fails takes all before it along. */
function multus(...delegates: [Delegate, ...Delegate[]]) {
  const parts = delegates.map((delegate, index) => {
    const network = libcni(listOf(delegate), undefined, cniDir)
    return { network, of: (pod: Pod) => attachmentOf(pod, index, delegate) }
  })
  const undo = async (pod: Pod, from = parts.length) => {
    for (const { network, of } of parts.slice(0, from).toReversed()) await network.del(of(pod))
  }
  const add = async (pod: Pod) => {
    const results = []
    for (const [index, { network, of }] of parts.entries())
      try {
        results.push(await network.add(of(pod)))
      } catch (error) {
        await undo(pod, index + 1)
        throw error
      }
    return results
  }
  const check = async (pod: Pod) => {
    for (const { network, of } of parts) await network.check(of(pod))
  }
  const gc = async (pods: readonly Pod[]) =>
    parts[0]?.network.gc(pods.map((pod) => parts[0]?.of(pod)).flatMap((one) => one ?? []))
  return { add, check, undo, gc, status: async () => parts[0]?.network.status() }
}

/** A node with Multus: the kubelet deletes pods that died, then the runtime asks STATUS and GC. */
function node(): Runtime {
  const pods = multus(cluster, routed())
  return {
    start: async (known, lost) => {
      for (const pod of lost) await pods.undo(pod)
      await pods.status()
      await pods.gc(known)
      for (const pod of known) await pods.check(pod)
    },
    run: async (pod) => {
      const results = await pods.add(pod)
      await pods.check(pod)
      return results.flatMap(({ ips }) => addressesOf(ips))
    },
    stop: (pod) => pods.undo(pod),
  }
}

testLife('Multus', node)

test('the annotation’s addresses, with and without prefix length, and its MAC address are the interface’s', async () => {
  lan()
  const plugin = {
    type: 'macvlan',
    master: 'eth0',
    capabilities: { ips: true, mac: true },
    ipam: hostLocal('10.97.0.0/24'),
  }
  const net: Network = { cniVersion: '1.0.0', name: 'lan', plugins: [plugin] }
  for (const ip of ['10.97.0.50', '10.97.0.50/24']) {
    const pod = newPod()
    const pods = multus(cluster, { net, ips: [ip], mac: '02:00:5e:10:00:01' })
    await pods.add(pod)
    await pods.check(pod)
    assert.equal(addresses('net1', pod), ['10.97.0.50/24'])
    assert.is(link('net1', pod).address, '02:00:5e:10:00:01')
    await pods.undo(pod)
    lose(pod)
  }
  removeLan()
})

test('cni-args give the address, too', async () => {
  const pod = newPod()
  const pods = multus(cluster, { ...routed(), 'cni-args': { ips: ['10.99.0.60'] } })
  await pods.add(pod)
  assert.match(addresses('net1', pod).join(), '10.99.0.60/')
  await pods.undo(pod)
  lose(pod)
})

test('default-route: the default route moves to the delegate that came last, CHECK accepts it, and its DEL gives it back', async () => {
  const pod = newPod()
  const one = multus(cluster)
  const pods = multus(cluster, routed({ routes: [{ dst: '0.0.0.0/0' }] }))
  await pods.add(pod)
  assert.is(routes(4, pod)[0], 'default via 10.99.0.1')
  await pods.check(pod)
  assert.ok(pings(pod, '10.98.0.1', '10.99.0.1'))
  await pods.undo(pod)
  assert.not.ok(exists('eth0', pod) || exists('net1', pod))
  await one.add(pod)
  assert.is(routes(4, pod)[0], 'default via 10.98.0.1')
  await one.undo(pod)
  lose(pod)
})

test('a second delegate that fails undoes the first', async () => {
  const first = newPod()
  await multus(cluster).add(first)
  await multus(cluster).undo(first)
  lose(first)
  removeBridges()
  const before = snapshot()
  const pod = newPod()
  const net: Network = {
    cniVersion: '1.0.0',
    name: 'absent',
    plugins: [{ type: 'macvlan', master: 'absent0', ipam: hostLocal('10.96.0.0/24') }],
  }
  assert.match(await refusal(multus(cluster, { net }).add(pod)), 'absent0')
  assert.not.ok(exists('eth0', pod))
  lose(pod)
  removeBridges()
  unchanged(before)
})

test('GC of Multus reaches the first delegate only: the second’s address stays until its DEL comes', async () => {
  const pods = multus(cluster, routed())
  const pod = newPod()
  await pods.add(pod)
  lose(pod)
  await pods.gc([])
  assert.is(reservedIn('/var/lib/cni/networks/cluster').length, 0)
  assert.is(reservedIn('/var/lib/cni/networks/second').length, 1)
  await pods.undo(pod)
  assert.is(reservedIn('/var/lib/cni/networks/second').length, 0)
})

test('patchbay gc releases all addresses of a pod whose DEL is lost, of second networks too, and none of one that runs', async () => {
  const pods = multus(cluster, routed())
  const [running, lost] = [newPod(), newPod()]
  const addresses = (await pods.add(running)).flatMap(({ ips }) => addressesOf(ips))
  runtimeRemembers(running)
  const before = snapshot()
  await pods.add(lost)
  runtimeRemembers(lost)
  lose(lost)
  await until('gc sees that the pod has ended', () => gc('--dry-run').includes('2 would be deleted'))
  const said = gc()
  for (const name of [`cluster/${lost.id}/eth0`, `second/${lost.id}/net1`])
    assert.match(said, `${name}: deleted, its namespace ${lost.path} is gone`)
  assert.match(said, "attachments: 3 live, 2 deleted, 1 ended of other projects'")
  unchanged(before)
  await pods.check(running)
  assert.ok(pings(undefined, ...addresses))
  await pods.undo(lost) // the runtime's own DEL, which comes late
  unchanged(before)
  await pods.undo(running)
  lose(running)
})

/** The runtime's entry of the pod: its one network is Multus. */
function runtimeRemembers(pod: Pod): void {
  const plugins = [{ type: 'multus-shim' }]
  const net: Network = { cniVersion: '1.0.0', name: 'multus-cni-network', plugins }
  cacheIn('/var/lib/cni', net).remember(attachmentOf(pod, 0, { net }), { cniVersion: '1.0.0' })
}

test.run()
