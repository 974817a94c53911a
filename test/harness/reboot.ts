/** A reboot acted out on the private host: namespaces, links, rules and what is below /run are gone, /var/lib/cni is kept. */

import { emptyHost, namespaceNames, newBootId } from './boot.ts'

/** Acts a reboot out. @param start makes what the host has from its start, such as its NICs */
export function reboot(start: () => void): void {
  newBootId()
  emptyHost({ namespaces: namespaceNames() })
  start()
}
