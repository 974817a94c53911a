/** Permissions of the files of lists: a runtime executes as root what they say. */

import { isObject } from '../../../shared/config/json.ts'
import { stat } from '../../../shared/kernel/stat.ts'
import { word } from '../../form/shell.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { type List, listDirectories } from './lists.ts'

export const openList: Fault = {
  id: 'list-writable',
  title: 'others than root may write a list',
  severity: 'warning',
  before: true,
  look: (view) => pathsOf(view).flatMap(writable),
}

/** The directories, and the files in them. */
function pathsOf(view: View): string[] {
  return listDirectories(view).flatMap(({ path, lists }) =>
    lists.length > 0 ? [path, ...lists.map(({ file }) => file)] : [],
  )
}

/** Of those that may write, a group counts only if it is not that of root. */
function writable(path: string): Finding[] {
  const found = stat(path)
  if (!found) return []
  const { mode, owner, group } = found
  const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && group !== 0)
  if (!isOpen && owner === 0) return []
  return [
    {
      subject: path,
      cause: 'who may write it has root: a runtime executes as root the plugins that it names',
      evidence: [
        {
          where: `stat -c '%a %u %g' ${word(path)}`,
          value: `${(mode & 0o7777).toString(8)} ${owner} ${group}`,
        },
      ],
      mend: [
        ...(owner === 0 ? [] : [`chown root ${word(path)}`]),
        ...(isOpen ? [`chmod go-w ${word(path)}`] : []),
      ],
    },
  ]
}

export const readableSecret: Fault = {
  id: 'secret-readable',
  title: 'all users may read a secret in a list',
  severity: 'warning',
  before: true,
  look: (view) =>
    listDirectories(view).flatMap(({ lists }) =>
      lists.flatMap((list): Finding[] => {
        const key = secretIn(list)
        const mode = key ? (stat(list.file)?.mode ?? 0) : 0
        if ((mode & 0o004) === 0) return []
        return [
          {
            subject: list.file,
            cause: `each user of this host can read the value of ${key}`,
            evidence: [{ where: `stat -c %a ${word(list.file)}`, value: (mode & 0o7777).toString(8) }],
            mend: [`chmod o-rwx ${word(list.file)}`],
          },
        ]
      }),
    ),
}

/** The path of the first key that has a secret as its text. */
function secretIn({ members }: List): string | undefined {
  for (const { raw } of members) {
    const found = secretBelow(raw, '', 0)
    if (found) return found
  }
  return undefined
}

/** A value that is a path names a file with the secret. */
function secretBelow(value: unknown, path: string, depth: number): string | undefined {
  if (!(isObject(value) || Array.isArray(value)) || depth > 8) return undefined
  for (const [key, one] of Object.entries(value)) {
    const name = path === '' ? key : `${path}.${key}`
    if (isSecret(key, one)) return name
    const found = secretBelow(one, name, depth + 1)
    if (found) return found
  }
  return undefined
}

function isSecret(key: string, value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value !== '' &&
    !value.startsWith('/') &&
    /^(key|.*(secret|password|psk|private_?key|cak))$/i.test(key)
  )
}
