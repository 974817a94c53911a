/** What is wrong with the store of many hosts that a plugin's configuration uses: its settings, and the files that these name. */

import { toCniError } from '../../shared/error/error.ts'
import { isErrno, tolerate } from '../../shared/kernel/errno.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { type StoreSettings, settingsOf } from '../../shared/store/settings.ts'
import { storeUsers } from '../host/store-users.ts'
import { type Fault, faultsOf, warning } from './finding.ts'
import type { Member } from './network.ts'

/** Types and misspelt keys of a section are found by the plugin's schema already. */
export function storeFaults({ type, raw }: Member, found: readonly Fault[]): Fault[] {
  const [user] = storeUsers([{ file: '', network: '', type, raw }])
  if (!user || found.some(({ msg }) => /\bstore\b/.test(msg))) return []
  const sections = user.sections.length > 0 ? user.sections : [undefined]
  return sections.flatMap(sectionFaults)
}

function sectionFaults(section: unknown): Fault[] {
  const settings = read(section)
  if (!settings) return []
  return Array.isArray(settings) ? settings : [...fileFaults(settings), ...keyFaults(settings)]
}

/** Without root, /etc/patchbay/store.json may not be read: nothing is known then. */
function read(section: unknown): StoreSettings | Fault[] | undefined {
  try {
    return settingsOf(section)
  } catch (cause) {
    if (isErrno(cause, 'EACCES', 'EPERM')) return undefined
    const faults = faultsOf(toCniError(cause))
    // The file may come before the first container does.
    return section === undefined ? faults.map((fault) => ({ ...fault, severity: 'warning' })) : faults
  }
}

function fileFaults(settings: StoreSettings): Fault[] {
  return (['ca', 'cert', 'key'] as const).flatMap((name) => {
    const file = settings[name]
    if (file === undefined || isThere(file)) return []
    return [warning(`store: ${name} names ${file}, which is not there`, 'no block can be claimed without it')]
  })
}

const isThere = (file: string) =>
  tolerate(() => stat(file) !== undefined, 'EACCES', 'EPERM', 'ENOTDIR') ?? true

/** As `readSecret` refuses it (shared/kernel/secret.ts). */
function keyFaults({ key }: StoreSettings): Fault[] {
  const found = key === undefined ? undefined : tolerate(() => stat(key), 'EACCES', 'EPERM', 'ENOTDIR')
  if (!found || (found.owner === 0 && (found.mode & 0o077) === 0)) return []
  return [
    warning(
      `store: others than root can read ${key}: no block is claimed with it`,
      `chown root ${key}; chmod 600 ${key}`,
    ),
  ]
}
