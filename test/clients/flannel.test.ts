/** flannel's plugin, by a stand-in: what it makes of subnet.env for its delegate, under containerd, which sends DEL twice. */
// needs: nft ip

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import type { Network } from '../harness/cnitool.ts'
import { privateHost } from '../harness/host.ts'
import { link, routes } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { type Attachment, libcni } from './harness/libcni.ts'
import { type Runtime, testLife } from './harness/life.ts'
import { lose, newPod, type Pod, removeBridges } from './harness/pods.ts'

await privateHost()

/** The file that flanneld writes. */
const subnetEnv = '/run/flannel/subnet.env'
/** Where flannel's plugin remembers the delegate of each container, for DEL. */
const delegates = '/var/lib/cni/flannel'

interface Subnets {
  FLANNEL_NETWORK: string
  FLANNEL_SUBNET: string
  FLANNEL_IPV6_NETWORK?: string
  FLANNEL_IPV6_SUBNET?: string
  FLANNEL_MTU: string
  FLANNEL_IPMASQ: 'true' | 'false'
}

const subnets: Subnets = {
  FLANNEL_NETWORK: '10.244.0.0/16',
  FLANNEL_SUBNET: '10.244.3.1/24',
  FLANNEL_MTU: '1450',
  FLANNEL_IPMASQ: 'true',
}

function flanneld(values: Subnets): void {
  mkdirSync('/run/flannel', { recursive: true })
  writeFileSync(
    subnetEnv,
    Object.entries(values)
      .map((pair) => pair.join('='))
      .join('\n'),
  )
}

/** The list with the delegate that the plugin makes. CHECK of flannel does nothing, so the stand-in asks for none. */
function withDelegate(): Network {
  const lines = readFileSync(subnetEnv, 'utf8').split('\n')
  const env: Partial<Subnets> = Object.fromEntries(lines.map((line) => line.split('=')))
  const given = [env.FLANNEL_SUBNET, env.FLANNEL_IPV6_SUBNET].flatMap((subnet) => subnet ?? [])
  const networks = [env.FLANNEL_NETWORK, env.FLANNEL_IPV6_NETWORK].flatMap((dst) => dst ?? [])
  const delegate = {
    type: 'bridge',
    hairpinMode: true,
    isDefaultGateway: true,
    isGateway: true,
    ipMasq: env.FLANNEL_IPMASQ !== 'true',
    mtu: Number(env.FLANNEL_MTU),
    ipam: {
      type: 'host-local',
      ranges: given.map((subnet) => [{ subnet: subnet.replace(/1\//, '0/') }]),
      routes: networks.map((dst) => ({ dst })),
    },
  }
  const portmap = { type: 'portmap', capabilities: { portMappings: true } }
  return { cniVersion: '1.0.0', name: 'cbr0', plugins: [delegate, portmap] }
}

function attachmentOf({ id, path, number }: Pod): Attachment {
  const ports = [{ HostPort: 22000 + number, ContainerPort: 80, Protocol: 'tcp', HostIP: '' }]
  return { id, netns: path, capabilities: { portMappings: ports } }
}

async function add(pod: Pod) {
  const net = withDelegate()
  mkdirSync(delegates, { recursive: true })
  writeFileSync(`${delegates}/${pod.id}`, JSON.stringify(net))
  return libcni(net).add(attachmentOf(pod))
}

/** Without the delegate's file flannel's DEL has nothing to do. */
async function del(pod: Pod, netns = pod.path): Promise<void> {
  const file = `${delegates}/${pod.id}`
  if (!existsSync(file)) return
  await libcni(JSON.parse(readFileSync(file, 'utf8'))).del({ ...attachmentOf(pod), netns })
  if (netns === '') rmSync(file)
}

/** containerd: Stop with the namespace, Remove without, and without a result. */
function containerd(): Runtime {
  const stop = async (pod: Pod) => {
    await del(pod)
    await del(pod, '')
  }
  return {
    start: async (_known, lost) => {
      flanneld(subnets)
      for (const pod of lost) await stop(pod)
    },
    run: async (pod) => addressesOf((await add(pod)).ips),
    stop,
  }
}

testLife('flannel under containerd', containerd)

test('flannel’s MTU, routes of both families and gateway are the container’s', async () => {
  flanneld({
    ...subnets,
    FLANNEL_IPMASQ: 'false',
    FLANNEL_IPV6_NETWORK: 'fd00:244::/48',
    FLANNEL_IPV6_SUBNET: 'fd00:244:0:3::1/64',
  })
  const pod = newPod()
  const { ips } = await add(pod)
  assert.is(ips.length, 2)
  assert.is(link('eth0', pod).mtu, 1450)
  assert.ok(routes(4, pod).includes('10.244.0.0/16 via 10.244.3.1'))
  assert.ok(routes(4, pod).includes('default via 10.244.3.1'))
  assert.ok(routes(6, pod).includes('fd00:244::/48 via fd00:244:0:3::1'))
  await del(pod, '')
  lose(pod)
  removeBridges()
})

test.run()
