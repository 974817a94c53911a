/** What a DEL has left: files that name the attachment, links of the host, the interface in the container. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { hostIfname, parseAlias } from '../../shared/cni/identity.ts'
import { findLink, listAliased } from '../../shared/netlink/link.ts'
import { hasInterface } from '../attach/attach.ts'
import { cachedNow } from '../host/caches.ts'
import { dataDirsOf } from '../host/data-dirs.ts'
import { sightingsOf } from '../host/sightings.ts'
import { IFNAME, type Subject } from './subject.ts'

export function remainsOf({ wanted, path }: Subject): string[] {
  const { list, network, containerID } = wanted
  const configured = list.plugins.map((raw) => ({ file: list.file, network, type: String(raw.type), raw }))
  const dataDirs = dataDirsOf({ cached: [], configured, podman: [] })
  const files = [
    ...cachedNow(wanted).map(({ file }) => file),
    ...sightingsOf(wanted, dataDirs).map(({ source }) => source),
  ]
  const host = hostSocket()
  const ends = [findLink(host, hostIfname(wanted))?.name ?? '']
  const aliased = listAliased(host).filter(({ alias }) => parseAlias(alias)?.containerID === containerID)
  const links = [...ends, ...aliased.map(({ name }) => name)].filter(Boolean)
  const inside = hasInterface(path, IFNAME) ? [`${IFNAME} in the container`] : []
  return [...new Set([...files, ...links.map((name) => `link ${name}`), ...inside])]
}
