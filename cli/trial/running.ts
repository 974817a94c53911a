/** Waits for links and their addresses: what is sent too early is lost, and is sent again only after a second. */

import { now, sleep } from '../../shared/kernel/clock.ts'
import type { LinkAddress } from '../../shared/netlink/address.ts'
import type { Link } from '../../shared/netlink/link.ts'

/** Kinds of which the kernel tells whether frames pass. */
const telling = ['veth', 'macvlan', 'ipvlan', 'vlan']
const [LONGEST, INTERVAL] = [3000, 20]

/**
 * Waits until frames pass. linkwatch (net/core/link_watch.c) takes up to a second to see that a link is up. Returns also when the kernel does
 * not tell, and after three seconds: the checks say what does not work.
 */
export function waitUntilRunning(look: () => Link | undefined): void {
  waitWhile(() => {
    const link = look()
    return Boolean(link?.kind && telling.includes(link.kind) && !link.running)
  })
}

/** Waits until duplicate address detection is over, at most three seconds: before, a host does not look for its neighbours. */
export function waitUntilUsable(look: () => readonly LinkAddress[]): void {
  waitWhile(() => look().some(({ tentative, dadFailed }) => tentative && !dadFailed))
}

function waitWhile(isSo: () => boolean): void {
  const end = now() + LONGEST
  while (isSo() && now() < end) sleep(INTERVAL)
}
