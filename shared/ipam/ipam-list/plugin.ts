/** ipam-list: addresses from several IPAM plugins, such as IPv4 from one and IPv6 from another. */

import type { Plugin, Request } from '../../cni/plugin.ts'
import type { Result } from '../../cni/result.ts'
import { toCniError } from '../../error/error.ts'
import { runAll } from '../../error/steps.ts'
import type { Ipam, IpamOf } from '../ipam.ts'
import { config, type ListConfig, mostParts, ownName } from './config.ts'
import { withFamily } from './family.ts'

/** @param ipamOf finds the IPAM plugin of a section; a parameter, since importing it would be a cycle */
export function ipamList(ipamOf: IpamOf): Plugin<ListConfig> {
  const parts = (request: ListRequest) => partsOf(request, ipamOf)
  const eachInTurn = async (request: ListRequest, action: (part: Ipam) => Promise<void>) => {
    for (const part of parts(request)) await action(part)
  }
  return {
    name: ownName,
    summary: 'gives the addresses of several IPAM plugins',
    config,
    args: [],
    add: (request) => add(parts(request), request),
    del: (request) => runAll(parts(request).map((part) => () => part.del())),
    check: (request) => eachInTurn(request, (part) => part.check()),
    status: (request) => eachInTurn(request, (part) => part.status()),
    gc: (request) => runAll(parts(request).map((part) => () => part.gc())),
    usesLink: (request) => anyUsesLink(parts(request)),
    current: (request, result) => currentOf(parts(request), result),
  }
}

type ListRequest = Request<ListConfig>

async function anyUsesLink(all: readonly Ipam[]): Promise<boolean> {
  for (const part of all) if (await part.usesLink()) return true
  return false
}

async function currentOf(all: readonly Ipam[], result: Result): Promise<Result> {
  let current = result
  for (const part of all) current = await part.current(current)
  return current
}

/** The IPAM of each section. DEL and GC read the configuration leniently: the list may be absent, or longer than ADD allows. */
function partsOf(request: ListRequest, ipamOf: IpamOf): Ipam[] {
  const sections = ((request.config.ipam?.list ?? []) as Record<string, unknown>[]).slice(0, mostParts)
  return sections.flatMap((section) => ipamOf(partRequest(request, section)) ?? [])
}

/** The same request with one of the sections as its `ipam`. */
function partRequest(request: ListRequest, section: Record<string, unknown>): Request<{ ipam: object }> {
  const { family, ...ipam } = section
  const filtered = withFamily(request, family as 4 | 6 | undefined)
  const raw = { ...filtered.raw, ipam }
  return { ...filtered, raw, input: JSON.stringify(raw), config: { ipam } }
}

/** The results of all plugins, in the order of the list. When one fails, DEL of those before it runs. */
async function add(all: readonly Ipam[], request: ListRequest): Promise<Result> {
  for (const part of all) await part.prepare()
  const done: Ipam[] = []
  try {
    const results: Result[] = []
    for (const part of all) {
      results.push(await part.add(request.avoid))
      done.unshift(part)
    }
    return merged(results)
  } catch (error) {
    await releaseAll(done, request)
    throw error
  }
}

async function releaseAll(done: readonly Ipam[], { log }: ListRequest): Promise<void> {
  try {
    await runAll(done.map((part) => () => part.del()))
  } catch (error) {
    log.warn(`the addresses of the other plugins could not be released: ${toCniError(error).message}`)
  }
}

function merged(results: readonly Result[]): Result {
  const servers = results.flatMap(({ dns }) => dns.nameservers ?? [])
  const dns = Object.assign({}, ...results.map((result) => result.dns).reverse())
  return {
    interfaces: [],
    ips: results.flatMap(({ ips }) => ips),
    routes: results.flatMap(({ routes }) => routes),
    dns: servers.length > 0 ? { ...dns, nameservers: servers } : dns,
  }
}
