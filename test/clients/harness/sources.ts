/** The source addresses that a container sees at its published ports. */

import { type Netns, near } from '../../harness/host.ts'
import { mirrorIn, sourcesAt } from '../../harness/traffic.ts'
import { inside, type Podman } from './podman.ts'

/** Clients from elsewhere at each address by TCP and UDP, then the host by its address and 127.0.0.1, by TCP. @param addresses of the host */
export function sourcesSeen(
  box: Podman,
  outside: Netns,
  { name, port }: { name: string; port: number },
  addresses: readonly string[] = [near.ipv4],
): Promise<string[]> {
  return inside(box, name, async (netns) => {
    const mirror = await mirrorIn(netns)
    const own = [near.ipv4, '127.0.0.1'] as const
    const sources = [
      ...sourcesAt(mirror, outside, addresses, port),
      ...own.map((address) => mirror.sourceOf(undefined, address, 'tcp', port)),
    ]
    mirror.stop()
    return sources
  })
}
