/**
 * Addresses for an attachment, from the plugin that `ipam.type` names. A plugin of this executable runs in the same process;
 * any other is executed.
 */

import { originsOfKeys } from '../cni/foreign.ts'
import { nameWithin } from '../cni/name-within.ts'
import type { Command, Plugin, Request } from '../cni/plugin.ts'
import { readResult } from '../cni/prevresult.ts'
import type { Result } from '../cni/result.ts'
import { parseJson } from '../config/json.ts'
import { isForeign } from '../config/unknown.ts'
import { CniError, Code, type Complaint, toCniError } from '../error/error.ts'
import { KernelError } from '../kernel/errno.ts'
import { readStart } from '../kernel/files.ts'
import { spanned } from '../kernel/span.ts'
import { stat } from '../kernel/stat.ts'
import { type Executable, execute, findPlugin } from './delegate.ts'

export interface Ipam {
  /** Refuses a missing plugin and an invalid configuration, before ADD changes anything. */
  prepare(): Promise<void>
  /**
   * Reserves addresses, and gives routes and DNS settings. When it fails, no address stays reserved.
   * @param avoid addresses not to give, if the plugin can choose
   */
  add(avoid?: readonly string[]): Promise<Result>
  del(): Promise<void>
  check(): Promise<void>
  status(): Promise<void>
  gc(): Promise<void>
  /** Whether it uses the container's interface (`Plugin.usesLink`). */
  usesLink(): Promise<boolean>
  /** What has become of a result of ADD since (`Plugin.current`). */
  current(result: Result): Promise<Result>
}

type IpamRequest = Request<{ ipam?: { type?: string } }>

export type IpamOf = (request: IpamRequest) => Ipam | undefined

/** Our own IPAM plugins. */
const builtIn: Record<string, () => Promise<Plugin>> = {
  dhcp: async () => (await import('./dhcp/plugin.ts')).dhcp,
  'host-local': async () => (await import('./host-local/plugin.ts')).hostLocal,
  'ipam-list': async () => (await import('./ipam-list/plugin.ts')).ipamList(ipamOf),
  pool: async () => (await import('./pool/plugin.ts')).pool,
  static: async () => (await import('./static/plugin.ts')).staticIpam,
}

/** Whether a type names one of our own, which run without CNI_PATH. */
export function isOwnIpam(type: string): boolean {
  return nameWithin(type, Object.keys(builtIn)) !== undefined
}

/** The IPAM of a request; undefined when its network has none. When the plugin is missing, each verb throws. */
export function ipamOf(request: IpamRequest): Ipam | undefined {
  const { type, ...keys } = request.config.ipam ?? {}
  if (!type) return Object.keys(keys).every(isForeign) ? undefined : nameless
  let found: Promise<Ipam> | undefined
  const ipam = () => {
    found ??= resolve(type, request)
    return found
  }
  const call = async <T>(verb: (ipam: Ipam) => Promise<T>) => {
    const own = await ipam()
    return spanned('ipam', () => verb(own), { attempt: type })
  }
  return {
    prepare: async () => (await ipam()).prepare(),
    add: (avoid) => call((one) => one.add(avoid)),
    del: () => call((one) => one.del()),
    check: () => call((one) => one.check()),
    status: () => call((one) => one.status()),
    gc: () => call((one) => one.gc()),
    usesLink: async () => (await ipam()).usesLink(),
    current: async (result) => (await ipam()).current(result),
  }
}

/** The complaint about a section without a type. The reference takes it for no section: a container without address, and no word of it. */
export const typeMissing: Complaint = {
  msg: 'ipam.type is missing: name the IPAM plugin, as in "type": "host-local"',
  hint: 'for a network without addresses leave ipam out, or write "ipam": {}',
}

/** What has nothing to do with the container's interface. */
const apart: Pick<Ipam, 'usesLink' | 'current'> = {
  usesLink: async () => false,
  current: async (result) => result,
}

const nameless: Ipam = {
  ...refusing(typeMissing),
  ...apart,
  del: async () => {},
  gc: async () => {},
}

/** Refuses what would need addresses. */
function refusing(complaint: Complaint): Pick<Ipam, 'prepare' | 'add' | 'check' | 'status'> {
  const refuse = async () => {
    throw new CniError(Code.InvalidNetworkConfig, complaint)
  }
  return { prepare: refuse, add: refuse, check: refuse, status: refuse }
}

/** Without CNI_PATH, as in netavark's calls, the type is one of our own. */
async function resolve(type: string, request: IpamRequest): Promise<Ipam> {
  const load = builtIn[nameWithin(type, Object.keys(builtIn)) ?? '']
  if (load && request.path.length === 0) return inProcess(await load(), request)
  const found = findPlugin(type, request.path)
  const { path } = found
  if (!isOwn(found)) return delegated(path, request)
  return load ? inProcess(await load(), request) : refused(type, path, request)
}

/** Where the linker and the loader keep what differs from program to program. */
const HEADER_BYTES = 4096

/** Whether a file is this executable, under whatever name, or a copy of it: of its size, and with the same beginning. */
function isOwn({ path, stat: file }: Executable): boolean {
  const self = '/proc/self/exe'
  const own = stat(self)
  if (file.inode === own?.inode && file.device === own.device) return true
  return file.size === own?.size && sameStart(path, self)
}

function sameStart(one: string, other: string): boolean {
  try {
    return readStart(one, HEADER_BYTES).equals(readStart(other, HEADER_BYTES))
  } catch (error) {
    if (error instanceof KernelError) return false
    throw error
  }
}

/** This executable as an IPAM plugin that it is not: called as one, it would call itself for ever. No addresses are from it. */
function refused(type: string, path: string, { log }: IpamRequest): Ipam {
  const complaint = {
    msg: `ipam.type is ${JSON.stringify(type)}, which is Patchbay's own executable but none of its IPAM plugins`,
    path,
    hint: `write ${Object.keys(builtIn).join(', ')} or another IPAM plugin; for a network without addresses leave ipam out`,
  }
  const goOn = async () => log.warn(`${complaint.msg}; going on without it`)
  return { ...refusing(complaint), ...apart, del: goOn, gc: goOn }
}

function inProcess(plugin: Plugin, outer: IpamRequest): Ipam {
  let parsed: Request | undefined
  const raw = plugin.config.canonical(outer.raw)
  const strictly = async () => {
    const parse = async () => plugin.config.parse(raw, outer.log, await originsOfKeys(plugin, raw, builtIn))
    parsed ??= { ...outer, raw, config: await parse() }
    return parsed
  }
  const leniently = () => ({ ...outer, raw, config: plugin.config.parseLeniently(raw, outer.log) })
  return {
    prepare: async () => {
      const request = await strictly()
      plugin.prepare?.(request)
    },
    add: async (avoid) => plugin.add({ ...(await strictly()), avoid }),
    del: async () => plugin.del(leniently()),
    check: async () => plugin.check(await strictly()),
    status: async () => plugin.status?.(await strictly()),
    gc: async () => plugin.gc?.(leniently()),
    usesLink: async () => plugin.usesLink?.(leniently()) ?? false,
    current: async (result) => plugin.current?.(leniently(), result) ?? result,
  }
}

function delegated(path: string, request: IpamRequest): Ipam {
  const call = async (command: Command) => void execute(path, command, request)
  return {
    prepare: async () => {},
    add: async () => addOrDelete(path, request),
    del: () => call('DEL'),
    check: () => call('CHECK'),
    status: () => call('STATUS'),
    gc: () => call('GC'),
    // The reference's dhcp sends RELEASE by the interface, too.
    usesLink: async () => nameWithin(request.config.ipam?.type ?? '', ['dhcp']) !== undefined,
    current: async (result) => result,
  }
}

/** Runs DEL after a failed ADD (spec section "Delegated Plugin Execution Procedure"). */
function addOrDelete(path: string, request: IpamRequest): Result {
  try {
    return parseAnswer(execute(path, 'ADD', request), request)
  } catch (error) {
    removeAgain(path, request)
    throw error
  }
}

/** A failure is only logged, because the error of ADD is reported. */
function removeAgain(path: string, request: IpamRequest): void {
  try {
    execute(path, 'DEL', request)
  } catch (error) {
    request.log.warn(toCniError(error).message)
  }
}

/** The result of a delegate's ADD. Without a cniVersion, it is in the version of the configuration. */
function parseAnswer(answer: string, { cniVersion, config }: IpamRequest): Result {
  const name = `answer of ${config.ipam?.type}`
  return readResult(parseJson(answer, name), cniVersion, name)
}
