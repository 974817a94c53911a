/** Containers that end without DEL. */

import { succeeds } from './command.ts'
import { type Netns, removeContainer } from './host.ts'
import { hostEnd } from './look.ts'
import { until } from './until.ts'

/** Removes a container's namespace, and waits until the kernel has removed the host's end of its veth pair, too. */
export async function vanish(container: Netns, inside = 'eth0'): Promise<void> {
  const { ifname } = hostEnd(container, inside)
  removeContainer(container)
  await until(`${ifname} is gone`, () => !succeeds('ip', 'link', 'show', ifname))
}
