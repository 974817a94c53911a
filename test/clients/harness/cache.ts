/** libcni's cache: what was added and not deleted, with its result. libcni keeps it over a boot. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Network } from '../../harness/cnitool.ts'
import type { Attachment } from './libcni.ts'

/** What a cache has of one network. */
export interface Cache {
  remember(of: Attachment, result: unknown): void
  /** The key of the cached result; without one there is no key. */
  resultOf(of: Attachment): { prevResult?: unknown }
  forget(of: Attachment): void
  attachments(): Attachment[]
}

/** @param home libcni's directory, in which `results` is */
export function cacheIn(home: string, net: Network): Cache {
  const directory = `${home}/results`
  const fileOf = ({ id, ifname = 'eth0' }: Attachment) => `${directory}/${net.name}-${id}-${ifname}`
  return {
    remember: (of, result) => {
      mkdirSync(directory, { recursive: true })
      writeFileSync(fileOf(of), JSON.stringify(entryOf(net, of, result)))
    },
    resultOf: (of) => {
      const file = fileOf(of)
      return existsSync(file) ? { prevResult: JSON.parse(readFileSync(file, 'utf8')).result } : {}
    },
    forget: (of) => rmSync(fileOf(of), { force: true }),
    attachments: () =>
      read(directory)
        .filter(({ network }) => network === net.name)
        .map(({ network, ...attachment }) => attachment),
  }
}

function entryOf(net: Network, of: Attachment, result: unknown): object {
  const { id: containerId, ifname: ifName = 'eth0', netns, args = {}, capabilities: capabilityArgs } = of
  const config = Buffer.from(JSON.stringify(net)).toString('base64')
  const cniArgs = Object.entries(args)
  const entry = { kind: 'cniCacheV1', containerId, config, ifName, networkName: net.name, netns, cniArgs }
  return { ...entry, capabilityArgs, result }
}

function read(directory: string): (Attachment & { network: string })[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory).map((name) => {
    const entry = JSON.parse(readFileSync(`${directory}/${name}`, 'utf8'))
    const { containerId: id, ifName: ifname, networkName: network, netns } = entry
    const args = Object.fromEntries(entry.cniArgs)
    return { id, ifname, network, netns, args, capabilities: entry.capabilityArgs }
  })
}
