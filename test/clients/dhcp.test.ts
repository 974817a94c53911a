/** Clients whose networks get their addresses by DHCP: nerdctl's list and arguments by a stand-in, and podman's --ipam-driver dhcp by netavark's calls. */
// needs: link macvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { router, servedSegment } from '../harness/dhcp-life.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, routes } from '../harness/look.ts'
import { attachment, create, podmanNetwork, setup, teardown } from '../harness/netavark.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { libcni } from './harness/libcni.ts'
import { newPod } from './harness/pods.ts'

await privateHost()
const { lan, server } = await servedSegment()

/** `nerdctl network create --driver macvlan --opt parent=eth0 --ipam-driver dhcp`. */
const nerdctl = {
  cniVersion: '1.0.0',
  name: 'lan',
  nerdctlID: '0'.repeat(64),
  plugins: [
    {
      type: 'macvlan',
      master: lan.nic,
      mode: 'bridge',
      ipam: {
        type: 'dhcp',
        daemonSocketPath: '/run/cni/dhcp.sock',
        provide: [{ option: 'host-name', value: '', fromArg: 'NERDCTL_CNI_DHCP_HOSTNAME' }],
      },
    },
  ],
}

test('nerdctl: the server knows a container by its host name, and DEL without CNI_NETNS gives the lease back', async () => {
  const before = snapshot()
  const network = libcni(nerdctl)
  const { id, path } = newPod()
  const args = { IgnoreUnknown: '1', NERDCTL_CNI_DHCP_HOSTNAME: 'web-1' }
  const pod = { id: `default-${id}`, netns: path, args }
  const { ips } = await network.add(pod)
  const [lease] = server.leases()
  assert.equal([addressesOf(ips), lease?.hostname], [[lease?.address], 'web-1'])
  await network.check(pod)
  await network.del({ ...pod, netns: '' })
  await until('it is given back', () => server.leases().length === 0)
  unchanged(before)
})

test('podman: --ipam-driver dhcp asks the server, with the name servers in the answer', async () => {
  const before = snapshot()
  const given = podmanNetwork('patchbay-macvlan', {
    network_interface: lan.nic,
    ipam_options: { driver: 'dhcp' },
  })
  const input = attachment(create(given))
  const box = newContainer()
  const { interfaces, dns_server_ips } = setup(input, box)
  const [lease] = server.leases()
  assert.is(interfaces.eth0?.subnets[0]?.ipnet, `${lease?.address}/24`)
  assert.equal([addresses('eth0', box)[0], dns_server_ips], [`${lease?.address}/24`, [router]])
  assert.ok(routes(4, box).includes(`default via ${router}`))
  assert.ok(pings(box, router))
  teardown(input, box)
  await until('it is given back', () => server.leases().length === 0)
  unchanged(before)
})

test.run()
