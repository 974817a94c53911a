/** Faults of what reaches the store: the program, the agent, the files of keys. No connection is made. */

import { isObject, jsonIn } from '../../../shared/config/json.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { tolerate } from '../../../shared/kernel/errno.ts'
import { readRegular } from '../../../shared/kernel/regular.ts'
import { stat } from '../../../shared/kernel/stat.ts'
import { agentLock, agentRuns } from '../../../shared/store/agent-lock.ts'
import { agentName, agentPath } from '../../../shared/store/agent-program.ts'
import { storeFile } from '../../../shared/store/settings.ts'
import { word } from '../../form/shell.ts'
import { directories } from '../../host/executable.ts'
import { type StoreUser, storeUsers } from '../../host/store-users.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { install } from '../frame/own-call.ts'
import { listDirectories, searchesOf } from './lists.ts'

/** The networks that use a store. @throws KernelError */
export const storeUsersOf: (view: View) => StoreUser[] = oncePer((view: View) =>
  storeUsers(listDirectories(view).flatMap(({ lists }) => lists.flatMap(({ members }) => members))),
)

export const agentMissing: Fault = {
  id: 'agent-missing',
  title: `${agentName} is not installed`,
  severity: 'error',
  before: true,
  look: (view) => {
    const [user] = storeUsersOf(view)
    const places = listDirectories(view).flatMap((one) =>
      searchesOf(one).flatMap((search) => search.directories),
    )
    const searched = [...new Set([...directories(), ...places])]
    if (!user || isInstalled(searched)) return []
    const [to = '/opt/cni/bin'] = places
    return [
      {
        subject: user.network,
        cause: `no block of addresses can be claimed, and no peer found: QuickJS has no TLS, and runs ${agentName} for it`,
        evidence: [
          {
            where: user.file,
            value: `network ${user.network} has its ${user.pool ? 'addresses' : 'peers'} in a store`,
          },
          {
            where: `ls ${searched.map((one) => word(`${one}/${agentName}`)).join(' ')}`,
            value: 'none is there',
          },
        ],
        mend: [install(to, ' --agent')],
      },
    ]
  },
}

function isInstalled(searched: readonly string[]): boolean {
  try {
    return agentPath(searched) !== ''
  } catch {
    return false
  }
}

export const agentStopped: Fault = {
  id: 'agent-stopped',
  title: 'patchbay agent does not run',
  severity: 'warning',
  look: (view) => {
    const user = storeUsersOf(view).find(({ peers }) => peers)
    if (!user || agentRuns()) return []
    return [
      {
        subject: user.network,
        cause:
          'new hosts and containers of the network are not known here, and those of this host not there: "peers": "store" needs the agent',
        evidence: [
          { where: user.file, value: `network ${user.network} has "peers": "store"` },
          { where: agentLock, value: 'no process holds the lock' },
        ],
        mend: ['systemctl enable --now patchbay-agent'],
      },
    ]
  },
}

export const storeKeyReadable: Fault = {
  id: 'store-key-readable',
  title: "others than root may use the store's client key",
  severity: 'error',
  before: true,
  look: (view) => keysOf(view).flatMap(({ key, file }) => exposed(key, file)),
}

/** The key files that the networks' sections and the file of this host name. */
function keysOf(view: View): { key: string; file: string }[] {
  const text = tolerate(() => readRegular(storeFile), 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')
  const sections = [
    ...storeUsersOf(view).flatMap(({ file, sections }) => sections.map((section) => ({ file, section }))),
    { file: storeFile, section: jsonIn(text) },
  ]
  const named = sections.flatMap(({ file, section }) =>
    isObject(section) && typeof section.key === 'string' && section.key.startsWith('/')
      ? [{ key: section.key, file }]
      : [],
  )
  return [...new Map(named.map((one) => [one.key, one])).values()]
}

/** As `readSecret` refuses it (shared/kernel/secret.ts). */
function exposed(key: string, file: string): Finding[] {
  const found = tolerate(() => stat(key), 'EACCES', 'EPERM', 'ENOTDIR')
  if (!found || (found.owner === 0 && (found.mode & 0o077) === 0)) return []
  return [
    {
      subject: key,
      cause: 'no claim is made with it: each user who can read it can enter the store as this host',
      evidence: [
        { where: file, value: `key ${key}` },
        {
          where: `stat -c '%a %u' ${word(key)}`,
          value: `${(found.mode & 0o7777).toString(8)} ${found.owner}`,
        },
      ],
      mend: [...(found.owner === 0 ? [] : [`chown root ${word(key)}`]), `chmod 600 ${word(key)}`],
    },
  ]
}
