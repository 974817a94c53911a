/** What a node has, for `status`: runtimes, lists, plugins, kernel, firewall, ranges, attachments. */

import type * as z from 'zod'
import { architecture } from '#engine'
import { parseAlias } from '../../shared/cni/identity.ts'
import { shortened } from '../../shared/error/error.ts'
import { decide } from '../../shared/firewall/decision.ts'
import { netfilter, ourTable } from '../../shared/firewall/table.ts'
import { isUnsupported } from '../../shared/firewall/unsupported.ts'
import { dhcpRuns } from '../../shared/ipam/dhcp/renewer.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import { readLink } from '../../shared/kernel/files.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { tableUse } from '../../shared/netlink/nftables-read.ts'
import { version } from '../../shared/version.ts'
import type { answer } from '../answers/status.ts'
import { fileSystemOf } from '../host/file-system.ts'
import { kindsOfKernel } from '../host/kernel-kinds.ts'
import { allLeases, firstToEnd } from '../host/leases.ts'
import { processesOf } from '../host/processes.ts'
import { versionOfProgram } from '../host/program-version.ts'
import { programNamed } from '../host/runtimes.ts'
import { readManifest } from '../installation/manifest.ts'
import { ownerOf, ownerOfExecutable } from '../installation/owner.ts'
import { executable } from '../installation/places.ts'
import { ownEngine } from '../installation/source.ts'
import type { View } from './frame/fault.ts'
import { hostOf, linksOf, runtimesOf } from './frame/host.ts'
import { rangeUsesOf } from './node/addresses.ts'
import { listDirectories } from './node/lists.ts'
import { type PluginFile, pluginFilesOf } from './node/plugin-files.ts'
import type { RangeUse } from './node/range-use.ts'
import { existing } from './node/state.ts'

export type Status = z.infer<typeof answer>

export function executableFacts(): Status['executable'] {
  return { file: readLink('/proc/self/exe') ?? '', version, engine: ownEngine, architecture }
}

/** Programs that run containers, or ask for them. */
const programs = ['containerd', 'crio', 'podman', 'kubelet']

/** Those that run; besides, those that are installed. Each is asked for its version. */
export function runtimeFacts(view: View): Status['runtimes'] {
  const running = processesOf(programs)
  const calling = new Set<string>(runtimesOf(view).map(({ name }) => name))
  return programs.flatMap((name) => {
    const process = running.find((one) => one.name === name)
    const program = process?.program ?? programNamed(name)
    if (!process && program === undefined) return []
    const told = program === undefined ? undefined : versionOfProgram(program)
    return [{ name, version: told ?? null, running: process !== undefined, cni: calling.has(name) }]
  })
}

/** A list may have megabytes in a name, in characters. */
const longest = 200

export function listFacts(view: View): Status['lists'] {
  return listDirectories(view).flatMap(({ lists }) => {
    const usable = lists.filter(({ members }) => members.length > 0)
    return usable.map(({ file, members: [first, ...others] }, at) => ({
      file,
      network: shortened(first?.network ?? '', longest),
      cniVersion: typeof first?.raw.cniVersion === 'string' ? shortened(first.raw.cniVersion, 20) : '0.1.0',
      plugins: [first, ...others].map((one) => shortened(one?.type ?? '', longest)),
      wins: at === 0,
    }))
  })
}

/** Of each directory that has a plugin, ours or not. */
export function pluginFacts(view: View): Status['plugins'] {
  const found = [...pluginFilesOf(view)].map(([directory, files]) => factsOfDirectory(directory, files, view))
  return found.filter(({ ours, others }) => ours + others.length > 0)
}

function factsOfDirectory(
  directory: string,
  files: readonly PluginFile[],
  { plugins }: View,
): Status['plugins'][number] {
  const programs = files.filter(({ mode, name }) => (mode & 0o111) !== 0 && name !== executable)
  const ours = programs.filter(
    ({ name }) => Object.hasOwn(plugins, name) && ownerOf(directory, name) === 'ours',
  )
  const manifest = readManifest(directory)
  const isThisOne = `${directory}/${executable}` === readLink('/proc/self/exe')
  const known =
    ownerOfExecutable(directory) !== 'ours'
      ? undefined
      : isThisOne
        ? { version, engine: ownEngine }
        : manifest
  const isPlugins = ours.length > 0 || programs.some(({ name }) => Object.hasOwn(plugins, name))
  return {
    ...{ directory, version: known?.version ?? null, engine: known?.engine ?? null, ours: ours.length },
    others: isPlugins ? programs.filter((one) => !ours.includes(one)).map(({ name }) => name) : [],
  }
}

export function kernelFacts(): Status['kernel'] {
  const { release, has, lacks } = kindsOfKernel()
  return { release, kinds: has, missing: lacks ?? null }
}

/** @throws KernelError when this process may not ask */
export function firewallFacts(): NonNullable<Status['firewall']> {
  const firewalld = processesOf(['firewalld']).length > 0
  const lacking = whyNoNftables()
  if (lacking !== undefined) return { backEnd: 'iptables', firewalld, reasons: [lacking] }
  const { backEnd, rejected } = decide(undefined, ['FORWARD'])
  return { backEnd: backEnd === 'iptables' ? 'iptables' : 'nftables', firewalld, reasons: rejected }
}

function whyNoNftables(): string | undefined {
  try {
    tableUse(netfilter(), ourTable('inet'))
    return undefined
  } catch (error) {
    if (isUnsupported(error)) return `nftables: ${error.message}`
    throw error
  }
}

/** The links of the host, and those that have an attachment's alias. */
export function linkFacts(view: View): Status['links'] {
  const links = linksOf(view)
  return {
    total: links.length,
    ofContainers: links.filter(({ alias }) => parseAlias(alias) !== undefined).length,
  }
}

export function stateFacts(): Status['state'] {
  return ['/var/lib/cni', stateDirectory].map((directory) => ({
    directory,
    free: Number(fileSystemOf(existing(directory)).free),
  }))
}

export function rangeFacts(view: View): Status['ranges'] {
  return rangeUsesOf(view).map(({ network, range, total, used, oldest }) => ({
    ...{ network, range, total: Number(total), used, free: Math.max(0, Number(total) - used) },
    oldest: oldest ? withAge(oldest) : null,
  }))
}

export function leaseFacts(): Status['leases'] {
  const leases = allLeases()
  if (leases.length === 0) return null
  return { total: leases.length, renewed: dhcpRuns(), firstEnd: firstToEnd(leases)?.expire ?? null }
}

function withAge({ container, address, since }: NonNullable<RangeUse['oldest']>) {
  return { container, address, age: Math.max(0, Number((wallClock() - since) / 1_000_000_000n)) }
}

export function attachmentFacts(view: View): Status['attachments'] {
  const counts = { lives: 0, ended: 0, unknown: 0 }
  for (const { life, attachments } of hostOf(view).containers) counts[life] += attachments.length
  return { live: counts.lives, ended: counts.ended, unknown: counts.unknown }
}
