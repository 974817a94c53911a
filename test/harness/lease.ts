/** Entries of the journal of DHCP, as ADD and `patchbay dhcp` write them, where no server is needed. */

import { statSync } from 'node:fs'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { type Entry, journal } from '../../shared/ipam/dhcp/journal.ts'
import { bootId } from '../../shared/kernel/boot.ts'
import { bootClock } from '../../shared/kernel/clock.ts'
import type { Netns } from './host.ts'

/** A lease's times, seconds from its beginning, and how long ago that was. */
interface Age {
  renew?: number
  rebind?: number
  expire?: number
  ago?: number
}

const given = (address: string, gateway: string): Entry['given'] => ({
  ips: [{ address, gateway }],
  routes: [{ dst: '0.0.0.0/0', gw: gateway }],
  dns: {},
})

/** An entry of a container with one address of IPv4: an hour's lease that has just begun. */
export function leaseEntry(
  attachment: Attachment,
  { path }: Pick<Netns, 'path'>,
  { ago = 0, ...times }: Age = {},
  address = '10.19.0.7/24',
): Entry {
  const gateway = address.replace(/\d+\/\d+$/, '1')
  const { dev, ino } = statSync(path)
  const hour = { renew: 1800, rebind: 3150, expire: 3600 }
  const lease = { address, server: gateway, gateway, routes: [], dns: {}, ...hour, ...times }
  const client = {
    clientId: `00${Buffer.from('web-0').toString('hex')}`,
    hostname: 'web-0',
    duid: '',
    iaid: 1,
  }
  return {
    ...attachment,
    ...{ netns: path, namespace: `${dev}/${ino}`, boot: bootId(), ifindex: 2, mac: '02:00:00:00:00:07' },
    client: { ...client, broadcast: false, request: [], provide: [[77, 'class']] },
    ...{ rapidCommit: false, lease4: { ...lease, since: bootClock() - ago * 1000 } },
    ...{ given: given(address, gateway), now: given(address, gateway) },
  }
}

/** Writes an entry to the journal of the private host. @returns it */
export function journalled(entry: Entry): Entry {
  journal.write(entry)
  return entry
}
