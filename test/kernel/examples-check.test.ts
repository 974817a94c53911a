/** What ADD of an example accepted, CHECK accepts at once and later, in every version that has CHECK, alone and in a list. */
// needs: link macvlan, link macvtap, link vxlan, nft ip

import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { removeLan, router } from '../harness/lan.ts'
import { type Setting, testLasting } from '../harness/lasting.ts'
import { hold } from '../harness/pool.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** A NIC of the example's own subnet. */
const nic = (subnet: number, name?: string): Setting => ({
  prepare: () => void router(subnet, name),
  tidy: removeLan,
})

/** The host is 192.0.2.1 and 2001:db8::1 of the examples. */
const underlay: Setting = {
  prepare: () => {
    ip('link add eth0 type veth peer name eth0-peer')
    for (const address of ['192.0.2.1/24', '2001:db8::1/64']) ip(`address add ${address} dev eth0`)
    for (const name of ['eth0', 'eth0-peer']) ip(`link set ${name} up`)
  },
  tidy: () => ip('link delete eth0'),
}

const settings: Record<string, Setting> = {
  '10-bridge': {},
  '20-bridge-masquerade': {},
  '25-podman': {},
  '30-bridge-dual-stack': {},
  '50-bridge-l2': {},
  '60-bridge-static': { exclusive: true },
  '70-macvlan-bridge': nic(70),
  '71-macvlan-private': nic(71),
  '72-macvlan-vepa': nic(72),
  '73-macvlan-passthru': { ...nic(73, 'eth1'), exclusive: true, isAlone: true },
  '74-macvlan-source': nic(74),
  '75-macvlan-host-access': nic(75),
  '100-ptp': {},
  '101-ptp-masquerade': {},
  '110-wire': { exclusive: true },
  '120-vxlan-remote': underlay,
  '121-vxlan-remotes': underlay,
  '122-vxlan-group': underlay,
  '123-vxlan-direct': { ...underlay, exclusive: true },
  '124-vxlan-ipv6': underlay,
  '125-vxlan-pool': {
    ...underlay,
    prepare() {
      underlay.prepare?.()
      // The address that it would publish is that of the default route.
      ip('route add default via 192.0.2.254')
      hold('vxlan-pool', '/var/lib/cni/networks', {
        ranges: [{ subnet: '10.125.0.0/16' }],
        blocks: ['10.125.1.0/26'],
      })
    },
  },
  '140-tap': {},
  '141-tun': { isAlone: true },
  '190-macvtap': nic(190),
  '240-tuning': {},
  '241-sbr': {},
  '242-macvlan-tuning-sbr': nic(242),
  '210-bandwidth': {},
  '220-portmap': {},
  '250-kubernetes': {},
  '251-nomad': {},
}

for (const [example, setting] of Object.entries(settings)) testLasting(`${example}.conflist`, setting)

test.run()
