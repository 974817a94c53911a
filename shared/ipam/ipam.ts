/**
 * Addresses for an attachment, from whatever plugin the configuration's `ipam.type` names. When that plugin is this very
 * executable it runs in the same process; anybody else's is executed.
 */

import { toCniError } from '../cni/error.ts'
import { parseJson } from '../cni/json.ts'
import type { Command, Plugin, Request } from '../cni/plugin.ts'
import { readResult } from '../cni/prevresult.ts'
import type { Result } from '../cni/result.ts'
import { stat } from '../kernel/files.ts'
import { execute, findPlugin } from './delegate.ts'

export interface Ipam {
  /** Refuses what cannot work (no such plugin, a bad configuration) before anything is touched. */
  prepare(): Promise<void>
  /**
   * Addresses, routes and DNS settings; none are kept when it fails.
   * @param avoid addresses that are not to be given, where the plugin can choose
   */
  add(avoid?: readonly string[]): Promise<Result>
  del(): Promise<void>
  check(): Promise<void>
  status(): Promise<void>
  gc(): Promise<void>
}

type IpamRequest = Request<{ ipam?: { type?: string } }>

export type IpamOf = (request: IpamRequest) => Ipam | undefined

/** Our own IPAM plugins. */
const builtIn: Record<string, () => Promise<Plugin>> = {
  'host-local': async () => (await import('./host-local/plugin.ts')).hostLocal,
  'ipam-list': async () => (await import('./ipam-list/plugin.ts')).ipamList(ipamOf),
  static: async () => (await import('./static/plugin.ts')).staticIpam,
}

/** The IPAM of a request; undefined when its network has none. A plugin that is missing is each verb's error. */
export function ipamOf(request: IpamRequest): Ipam | undefined {
  const type = request.config.ipam?.type
  if (!type) return undefined
  let found: Promise<Ipam> | undefined
  const ipam = () => {
    found ??= resolve(type, request)
    return found
  }
  return {
    prepare: async () => (await ipam()).prepare(),
    add: async (avoid) => (await ipam()).add(avoid),
    del: async () => (await ipam()).del(),
    check: async () => (await ipam()).check(),
    status: async () => (await ipam()).status(),
    gc: async () => (await ipam()).gc(),
  }
}

async function resolve(type: string, request: IpamRequest): Promise<Ipam> {
  const path = findPlugin(type, request.path)
  const load = isThisExecutable(path) && Object.hasOwn(builtIn, type) ? builtIn[type] : undefined
  return load ? inProcess(await load(), request) : delegated(path, request)
}

/** Whether a path leads to the executable that is running, whatever its name. */
function isThisExecutable(path: string): boolean {
  const [one, other] = [stat(path), stat('/proc/self/exe')]
  return one?.inode === other?.inode && one?.device === other?.device
}

function inProcess(plugin: Plugin, outer: IpamRequest): Ipam {
  let judged: Request | undefined
  const strictly = () => {
    judged ??= { ...outer, config: plugin.config.parse(outer.raw, outer.log) }
    return judged
  }
  const leniently = () => ({ ...outer, config: plugin.config.parseLeniently(outer.raw, outer.log) })
  return {
    prepare: async () => {
      const request = strictly()
      plugin.prepare?.(request)
    },
    add: async (avoid) => plugin.add({ ...strictly(), avoid }),
    del: async () => plugin.del(leniently()),
    check: async () => plugin.check(strictly()),
    status: async () => plugin.status?.(strictly()),
    gc: async () => plugin.gc?.(leniently()),
  }
}

function delegated(path: string, request: IpamRequest): Ipam {
  const call = async (command: Command) => void (await execute(path, command, request))
  return {
    prepare: async () => {},
    add: () => addOrTakeBack(path, request),
    del: () => call('DEL'),
    check: () => call('CHECK'),
    status: () => call('STATUS'),
    gc: () => call('GC'),
  }
}

/** A delegate whose ADD failed is called again with DEL (spec section "Delegated Plugin Execution Procedure"). */
async function addOrTakeBack(path: string, request: IpamRequest): Promise<Result> {
  try {
    return parseAnswer(await execute(path, 'ADD', request), request)
  } catch (error) {
    await execute(path, 'DEL', request).catch((again) => request.log.warn(toCniError(again).message))
    throw error
  }
}

/** What a delegate's ADD answered. One that does not state its version answers in the configuration's. */
function parseAnswer(answer: string, { cniVersion, config }: IpamRequest): Result {
  const name = `answer of ${config.ipam?.type}`
  return readResult(parseJson(answer, name), cniVersion, name)
}
