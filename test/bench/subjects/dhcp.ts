/** Addresses of a DHCP server on the cable of a NIC. The daemons run: the reference's, which does ADD's exchange, and ours, which renews. */

import { join } from 'node:path'
import { nic, type Service, type Subject } from './subject.ts'

const cable = 'nic0-peer'

/** Without its ping before an offer, which takes three seconds. */
const dnsmasq: Service = {
  command: [
    ...[
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--user=root',
      '--log-facility=/run/dnsmasq.log',
    ],
    ...['--port=0', `--interface=${cable}`, '--bind-interfaces', '--no-ping', '--dhcp-authoritative'],
    ...['--dhcp-range=10.200.1.0,10.200.15.255,255.255.0.0,1h', '--dhcp-lease-max=4000'],
    ...['--dhcp-leasefile=/run/dnsmasq.leases', '--pid-file=/run/dnsmasq.pid'],
  ],
  ready: '/run/dnsmasq.pid',
}

function daemonIn(directory: string, isReference: boolean): Service {
  if (isReference) return { command: [join(directory, 'dhcp'), 'daemon'], ready: '/run/cni/dhcp.sock' }
  return { command: [join(directory, 'patchbay'), 'dhcp'], ready: '/run/patchbay/dhcp-renews.lock' }
}

export const dhcp: readonly Subject[] = [
  {
    name: 'macvlan with dhcp',
    needs: ['link macvlan'],
    plugins: () => [{ type: 'macvlan', master: 'nic0', ipam: { type: 'dhcp' } }],
    host: () => [...nic('nic0'), `address add 10.200.0.1/16 dev ${cable}`],
    services: (directory, isReference) => [dnsmasq, daemonIn(directory, isReference)],
  },
]
