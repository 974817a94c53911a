/** Answers a call: reads environment and input, runs the verb, prints the result. Errors come in the order of the reference's skel. */

import type { CallRecord } from '../call-log/record.ts'
import { parseObject } from '../config/json.ts'
import { networkName } from '../config/names.ts'
import { CniError, Code, printed, toCniError } from '../error/error.ts'
import { isErrno, KernelError } from '../kernel/errno.ts'
import { print } from './convert.ts'
import { readParameters } from './environment.ts'
import { negotiate } from './negotiate.ts'
import type { Command, Plugin } from './plugin.ts'
import { recordOf } from './recorded.ts'
import { type Call, makeRequest } from './request.ts'
import { verbOf } from './verbs.ts'
import { newest, type SpecVersion } from './version.ts'
import { versionAnswer } from './version-answer.ts'

/** The text for standard output, and the exit status. */
export interface Answer {
  output: string
  status: 0 | 1
}

/** Answers a call. Never throws: every error becomes the answer's JSON. */
export async function respond(plugin: Plugin, call: Call): Promise<Answer> {
  let cniVersion = newest
  let record: CallRecord | undefined
  try {
    const parameters = readParameters(call.env)
    if (parameters.command === 'VERSION') return { output: versionAnswer(call.read), status: 0 }
    const input = readInput(call)
    const raw = plugin.config.canonical(parseObject(input, 'network config'))
    record = await recordOf(plugin, call, raw)
    const network = networkName(raw)
    const verb = verbOf(parameters.command)
    cniVersion = negotiate(parameters.command, raw)
    const command = parameters.command as Command
    const request = await makeRequest(plugin, record ? { ...call, log: record.log } : call, {
      ...parameters,
      command,
      network,
      cniVersion,
      raw,
      input,
    })
    const answer = await verb(plugin, request, call.env)
    const output = answer ? print(answer) : ''
    record?.end()
    return { output, status: 0 }
  } catch (error) {
    const reported = call.env.CNI_COMMAND === 'STATUS' ? notReady(error) : error
    const answer = errorAnswer(reported, cniVersion, call)
    record ??= await recordOf(plugin, call, {})
    record?.end(answer)
    return { output: print(answer), status: 1 }
  }
}

/**
 * In STATUS, code 7 becomes 50, and so does a missing privilege: the plugin cannot do ADD with an invalid configuration, nor
 * without its privileges (spec section "STATUS").
 */
function notReady(error: unknown): unknown {
  const isInvalid = error instanceof CniError && error.code === Code.InvalidNetworkConfig
  if (!isInvalid && !isErrno(error, 'EPERM', 'EACCES')) return error
  return new CniError(Code.PluginNotAvailable, { ...toCniError(error).complaint, cause: error })
}

/** @throws CniError of code 5; of code 6 for an input that is too large */
function readInput(call: Call): string {
  try {
    return call.read()
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause
    throw new CniError(Code.IoFailure, {
      msg: `error reading from stdin: ${cause.message}`,
      hint: 'write the configuration to standard input',
      cause,
    })
  }
}

/** An error in the form of the spec (section "Error"). The stack of an unexpected error is written to standard error. */
function errorAnswer(error: unknown, cniVersion: SpecVersion, { log }: Call) {
  const answer = toCniError(error)
  const { msg, details } = printed(answer)
  const isExpected = error instanceof CniError || error instanceof KernelError
  if (!isExpected && error instanceof Error) log.warn(`unexpected: ${error.name}: ${msg} ${error.stack}`)
  return { cniVersion, code: answer.code, msg, ...(details && { details }) }
}
