/** Programs that configure links of ours as well: they take addresses, masters and sysctls away. Their state files tell what they manage. */

import { tolerate } from '../../../shared/kernel/errno.ts'
import { readDirectoryIfAny } from '../../../shared/kernel/files.ts'
import { readRegular } from '../../../shared/kernel/regular.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { word } from '../../form/shell.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { bridgesOf, ownEnds } from './own-links.ts'

/** The host's ends, and the bridges that have no other port than these. */
function ourLinks(view: View): Link[] {
  return [...ownEnds(view), ...bridgesOf(view).map(({ bridge }) => bridge)]
}

/** The lines `KEY=value` of the file that a directory has for each of our links. */
function statesIn(view: View, directory: string) {
  const files = new Set(readDirectoryIfAny(directory).map(({ name }) => name))
  if (files.size === 0) return []
  return ourLinks(view)
    .filter(({ index }) => files.has(String(index)))
    .map((link) => {
      const file = `${directory}/${link.index}`
      return { link, file, keys: keysIn(tolerate(() => readRegular(file), 'ENOENT') ?? '') }
    })
}

function keysIn(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='))
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
  )
}

/** Patterns for the names of links: all host ends have the same beginning. */
function patternsOf(links: readonly Link[]): string[] {
  return [
    ...new Set(links.map(({ name, kind }) => (kind === 'veth' && name.startsWith('veth') ? 'veth*' : name))),
  ]
}

/** One finding for all links of a manager. */
function managed(
  program: string,
  links: readonly { link: Link; file: string; value: string }[],
  mend: readonly string[],
): Finding[] {
  const [first] = links
  if (!first) return []
  const more = links.length > 1 ? ` and ${links.length - 1} more` : ''
  return [
    {
      subject: `${first.link.name}${more}`,
      cause: `${program} configures links of containers, too: it may take their addresses, routes and bridge away at any time`,
      evidence: links.slice(0, 3).map(({ file, value }) => ({ where: file, value })),
      mend,
    },
  ]
}

const networkdFile = '/etc/systemd/network/05-patchbay.network'

export const networkdManages: Fault = {
  id: 'managed-by-networkd',
  title: 'systemd-networkd manages links of containers',
  severity: 'error',
  look(view) {
    const links = statesIn(view, '/run/systemd/netif/links').flatMap(({ link, file, keys }) => {
      const [network, state] = [keys.get('NETWORK_FILE'), keys.get('ADMIN_STATE')]
      if (!network || state === 'unmanaged') return []
      return [{ link, file, value: `ADMIN_STATE=${state} NETWORK_FILE=${network}` }]
    })
    const names = patternsOf(links.map(({ link }) => link)).join(' ')
    const text = `[Match]\\nName=${names}\\n\\n[Link]\\nUnmanaged=yes\\n`
    return managed('systemd-networkd', links, [
      `mkdir -p /etc/systemd/network && printf ${quoted(text)} > ${networkdFile}`,
      'networkctl reload',
    ])
  },
}

/** For `printf`: a name of a link may have a percent sign. */
function quoted(text: string): string {
  return word(text.replaceAll('%', '%%'))
}

const profiles = ['/etc', '/run', '/usr/lib'].map((root) => `${root}/NetworkManager/system-connections`)

export const networkManagerManages: Fault = {
  id: 'managed-by-networkmanager',
  title: 'NetworkManager manages links of containers',
  severity: 'error',
  look(view) {
    const states = statesIn(view, '/run/NetworkManager/devices').filter(
      ({ keys }) => keys.get('managed') === 'true' && keys.has('connection-uuid'),
    )
    if (states.length === 0) return []
    const known = profilesByUuid()
    const links = states.flatMap(({ link, file, keys }) => {
      const profile = known.get(keys.get('connection-uuid') ?? '')
      return profile ? [{ link, file, value: `managed=true, by the profile ${profile}` }] : []
    })
    const ours = links.map(({ link }) => link)
    const names = patternsOf(ours).map((name) => `interface-name:${name}`)
    const text = `[keyfile]\\nunmanaged-devices+=${names.join(';')}\\n`
    return managed('NetworkManager', links, [
      `mkdir -p /etc/NetworkManager/conf.d && printf ${quoted(text)} > /etc/NetworkManager/conf.d/90-patchbay.conf`,
      'nmcli general reload conf',
      ...ours.map(({ name }) => `nmcli device set ${word(name)} managed no`),
    ])
  },
}

/**
 * The files of NetworkManager's profiles by UUID. What it finds configured by others it describes by a profile, too, marked as external,
 * and does not change.
 */
function profilesByUuid(): Map<string, string> {
  const files = profiles.flatMap((directory) =>
    readDirectoryIfAny(directory).map(({ name }) => `${directory}/${name}`),
  )
  return new Map(
    files.flatMap((file) => {
      const keys = keysIn(tolerate(() => readRegular(file), 'ENOENT', 'EINVAL', 'EFBIG') ?? '')
      const uuid = keys.get('uuid')
      return uuid && keys.get('external') !== 'true' ? [[uuid, file] as const] : []
    }),
  )
}
