/** What a verb is given: everything of a call, read and judged. */

import { parseArgs, splitArgs } from './args.ts'
import { validAttachments } from './attachments.ts'
import type { Environment, Parameters } from './environment.ts'
import { ownersOfKeys } from './foreign.ts'
import { type Log, silent } from './log.ts'
import type { Command, Plugin, Registry, Request } from './plugin.ts'
import { readResult, readResultLeniently } from './prevresult.ts'
import type { SpecVersion } from './version.ts'

/** What a call comes with. */
export interface Call {
  env: Environment
  /** Gives standard input to its end; called once at most. */
  read(): string
  /** The other plugins, for hints about keys of theirs. */
  registry: Registry
  log: Log
}

/** What is known of a call once its version is. */
export interface Source extends Parameters {
  command: Command
  network: string
  cniVersion: SpecVersion
  raw: Record<string, unknown>
  input: string
}

/**
 * Reads a request. ADD, CHECK and STATUS refuse what is wrong; DEL takes what it can, and so does GC but for the list of
 * what is still in use.
 * @throws CniError of code 4 or 7
 */
export async function makeRequest(plugin: Plugin, call: Call, source: Source): Promise<Request> {
  const isLenient = source.command === 'DEL' || source.command === 'GC'
  const read = isLenient ? readLeniently : readStrictly
  return {
    ...source,
    ...(await read(plugin, call, source)),
    plugin: plugin.name,
    validAttachments: source.command === 'GC' ? validAttachments(source.raw) : [],
    log: call.log,
  }
}

type Judged = Pick<Request, 'args' | 'config' | 'prevResult' | 'segment'>

async function readStrictly(plugin: Plugin, call: Call, { raw, cniVersion }: Source): Promise<Judged> {
  const owners = await ownersOfKeys(plugin, raw, call.registry)
  const text = call.env.CNI_ARGS ?? ''
  const config = plugin.config.parse(raw, call.log, owners)
  return {
    args: plugin.args ? parseArgs(text, plugin.args) : splitArgs(text),
    config,
    segment: plugin.segment ? plugin.segment(config) : await segmentOf(plugin, call, raw),
    prevResult: raw.prevResult === undefined ? undefined : readResult(raw.prevResult, cniVersion),
  }
}

/** The segment of the plugin that an IPAM plugin is executed for, which the configuration's `type` names. */
async function segmentOf(
  plugin: Plugin,
  { registry }: Call,
  raw: Source['raw'],
): Promise<string | undefined> {
  const type = String(raw.type)
  const load = type !== plugin.name && Object.hasOwn(registry, type) ? registry[type] : undefined
  const served = await load?.()
  return served?.segment?.(served.config.parseLeniently(raw, silent))
}

function readLeniently(plugin: Plugin, { env, log }: Call, { raw, cniVersion }: Source): Judged {
  const { prevResult } = raw
  return {
    args: splitArgs(env.CNI_ARGS ?? ''),
    config: plugin.config.parseLeniently(raw, log),
    prevResult: prevResult === undefined ? undefined : readResultLeniently(prevResult, cniVersion, log),
  }
}
