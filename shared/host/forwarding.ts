/** Switches IP forwarding on, so that the host routes for containers. */

import { requireSysctl } from '../attachment/sysctl.ts'
import { type Undo, undoable } from '../attachment/undo.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'

/** `sysctl -w net.ipv4.ip_forward=1`, `sysctl -w net.ipv6.conf.all.forwarding=1` */
const switches = { 4: ['ipv4', 'ip_forward'], 6: ['ipv6', 'conf', 'all', 'forwarding'] } as const

/**
 * Switches forwarding on for the given families. Undone only when this ADD fails; DEL leaves it on, because other
 * containers may rely on it.
 */
export function enableForwarding(undo: Undo, families: Iterable<4 | 6>): void {
  for (const family of new Set(families)) switchOn(undo, switches[family])
}

function switchOn(undo: Undo, sysctl: readonly string[]): void {
  if (readSysctl(...sysctl) !== '0') return
  undoable(
    undo,
    () => requireSysctl('1', ...sysctl),
    () => writeSysctl('0', ...sysctl),
  )
}
