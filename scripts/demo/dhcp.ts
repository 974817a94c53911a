/** The DHCP server, and router of IPv6, of examples with dhcp: dnsmasq on the far host's end of the cable (package dnsmasq-base, which starts no service). */

import { isObject } from '../../shared/config/json.ts'
import type { Configuration } from '../example.ts'
import { run } from '../run.ts'
import { farHost, ip } from './host.ts'

/** Whether the addresses come from a DHCP server. */
export function isServed({ ipam }: Configuration): boolean {
  return isObject(ipam) && ipam.type === 'dhcp'
}

/** Starts the server. It ends with the demo's hosts. */
export async function serve(config: Configuration): Promise<void> {
  if (!isServed(config)) return
  const nic = nicOf(config)
  for (const address of ['192.168.76.1/24', 'fd00:76::1/64'])
    await ip(farHost, `address replace ${address} dev ${nic} nodad`)
  await run('ip', ['netns', 'exec', 'far', 'dnsmasq', ...flagsFor(nic)])
}

/** The NIC of the near host whose cable leads to the far one. Both ends have the same name. */
function nicOf({ master, uplinks }: Configuration): string {
  const [uplink] = Array.isArray(uplinks) ? uplinks.filter(isObject) : []
  return String(uplink?.name ?? master ?? 'eth0')
}

/** It does not ask whether an address is in use, which takes three seconds. */
function flagsFor(nic: string): string[] {
  const files = ['--conf-file=/dev/null', '--pid-file=', `--dhcp-leasefile=/run/leases-${nic}`]
  const where = [`--interface=${nic}`, '--except-interface=lo', '--bind-interfaces', '--port=0']
  const what = ['--dhcp-range=192.168.76.100,192.168.76.199,1h', '--dhcp-authoritative', '--no-ping']
  const router = ['--enable-ra', '--dhcp-range=fd00:76::,ra-only']
  return [...files, ...where, ...what, ...router, '--user=root']
}
