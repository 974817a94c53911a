/** Reads and validates a call and makes the request for a verb. */

import { type Log, silent } from '../error/log.ts'
import { parseArgs, splitArgs } from './args.ts'
import { validAttachments } from './attachments.ts'
import type { Environment, Parameters } from './environment.ts'
import { originsOfKeys } from './foreign.ts'
import { nameWithin } from './name-within.ts'
import type { Command, Plugin, Registry, Request } from './plugin.ts'
import { readResult, readResultLeniently } from './prevresult.ts'
import type { SpecVersion } from './version.ts'

/** The inputs of a call. */
export interface Call {
  env: Environment
  /** Reads all of standard input; called at most once. */
  read(): string
  /** The other plugins, for hints about their keys. */
  registry: Registry
  log: Log
}

/** The parts of a call that are read before the plugin's own configuration. */
export interface Source extends Parameters {
  command: Command
  network: string
  cniVersion: SpecVersion
  raw: Record<string, unknown>
  input: string
}

/**
 * Reads a request. ADD, CHECK and STATUS refuse an invalid configuration; DEL and GC read its valid parts. GC's list of
 * valid attachments is always read strictly.
 * @throws CniError of code 4 or 7
 */
export async function makeRequest(plugin: Plugin, call: Call, source: Source): Promise<Request> {
  const isLenient = source.command === 'DEL' || source.command === 'GC'
  const read = isLenient ? readLeniently : readStrictly
  const validated = await read(plugin, call, source)
  const { ifname } = validated.config as { ifname?: string }
  return {
    ...source,
    ...validated,
    // Some plugins have a key for the name of their interface.
    ...(ifname && { ifname, givenName: source.ifname }),
    plugin: plugin.name,
    validAttachments: source.command === 'GC' ? validAttachments(source.raw) : [],
    log: call.log,
  }
}

type Validated = Pick<Request, 'args' | 'config' | 'prevResult' | 'segment'>

async function readStrictly(plugin: Plugin, call: Call, { raw, cniVersion }: Source): Promise<Validated> {
  const origins = await originsOfKeys(plugin, raw, call.registry)
  const text = call.env.CNI_ARGS ?? ''
  const config = plugin.config.parse(raw, call.log, origins)
  return {
    args: plugin.args ? parseArgs(text, plugin.args) : splitArgs(text),
    config,
    segment: plugin.segment ? plugin.segment(config) : await segmentOf(plugin, call, raw),
    prevResult: raw.prevResult === undefined ? undefined : readResult(raw.prevResult, cniVersion),
  }
}

/** The segment for an IPAM plugin: the configuration's `type` names the interface plugin that runs it. */
async function segmentOf(
  plugin: Plugin,
  { registry }: Call,
  raw: Source['raw'],
): Promise<string | undefined> {
  const name = nameWithin(String(raw.type), Object.keys(registry))
  const caller = name === undefined || name === plugin.name ? undefined : await registry[name]?.()
  return caller?.segment?.(caller.config.parseLeniently(caller.config.canonical(raw), silent))
}

function readLeniently(plugin: Plugin, { env, log }: Call, { raw, cniVersion }: Source): Validated {
  const { prevResult } = raw
  return {
    args: splitArgs(env.CNI_ARGS ?? ''),
    config: plugin.config.parseLeniently(raw, log),
    prevResult: prevResult === undefined ? undefined : readResultLeniently(prevResult, cniVersion, log),
  }
}
