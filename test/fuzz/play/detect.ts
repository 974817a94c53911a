/** The detectors that look at one call: its end, its output, and the files that it wrote. */

import { normalize } from 'node:path'
import type { Finding } from './case.ts'
import { faultOfDriver } from './driver-answer.ts'
import type { Execution, Outcome } from './outcome.ts'

type Detector = (outcome: Outcome, execution: Execution) => string | undefined

const detectors: Record<string, Detector> = {
  hang: ({ timedOut }) => (timedOut ? 'no answer' : undefined),
  crash: ({ status, signal, timedOut }) => {
    if (timedOut || status === 0 || status === 1) return undefined
    return signal ? `killed by ${signal}` : `exit status ${status}`
  },
  exception: ({ stdout, stderr }, execution) =>
    exceptionIn(
      `${stderr}
${stdout}`,
      inputOf(execution),
      execution.lies !== undefined,
    ),
  answer: (outcome, { env, args: [word] }) =>
    word === undefined ? faultOfAnswer(outcome, env.CNI_COMMAND) : faultOfDriver(outcome, word),
}

/** What the detectors find in one call. */
export function judge(outcome: Outcome, execution: Execution): Finding[] {
  return Object.entries(detectors).flatMap(([kind, detect]) => {
    const text = detect(outcome, execution)
    return text === undefined ? [] : { kind, text }
  })
}

/** Texts that JavaScript engines write, not people: exceptions, their stacks, values that should not be there. */
const exceptions =
  /\b(Type|Range|Reference|Syntax|Internal|Eval|URI)Error\b|\bundefined\b|\bNaN\b|not a function|not iterable|\bCannot (read|set|convert|destructure)\b|\[object \w+\]|stack overflow|out of memory|this is a bug of (?:the plugin|Patchbay)|: unexpected: |^ +at \S+ ?\(/g

/** All that the caller gave. */
function inputOf({ input, env, args }: Execution): string {
  return [input, ...Object.values(env), ...args].join('\n')
}

/** The trace of an answer that could not be read: the kernel's lies may be refused. */
const refusal = /: unexpected: (Range)?Error: /

/** The first line with such a text that is not in the input itself. */
function exceptionIn(output: string, input: string, lied: boolean): string | undefined {
  const lines = output.split('\n').filter((line) => !lied || !refusal.test(line))
  return lines.find((line) => [...line.matchAll(exceptions)].some(([text]) => !input.includes(text)))
}

/** Why standard output is not what the specification asks of a verb; undefined when it is. */
function faultOfAnswer({ status, stdout }: Outcome, verb = ''): string | undefined {
  if (status === 1) return faultOfError(stdout)
  if (status !== 0) return undefined
  if (verb === 'ADD') return faultOfResult(stdout)
  if (verb === 'VERSION') return Array.isArray(parse(stdout)?.supportedVersions) ? undefined : shown(stdout)
  return stdout === '' ? undefined : `output of ${verb || 'no verb'}: ${shown(stdout)}`
}

function faultOfError(stdout: string): string | undefined {
  const { cniVersion, code, msg, details = '' } = parse(stdout) ?? {}
  const isError =
    typeof cniVersion === 'string' &&
    Number.isInteger(code) &&
    Number(code) > 0 &&
    typeof msg === 'string' &&
    msg !== '' &&
    typeof details === 'string'
  return isError ? undefined : `no CNI error: ${shown(stdout)}`
}

function faultOfResult(stdout: string): string | undefined {
  const { cniVersion, dns, code } = parse(stdout) ?? {}
  const isResult = typeof cniVersion === 'string' && code === undefined && (!dns || typeof dns === 'object')
  return isResult ? undefined : `no CNI result: ${shown(stdout)}`
}

function parse(stdout: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(stdout)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function shown(stdout: string): string {
  return JSON.stringify(stdout.slice(0, 300))
}

/** The directories of the plugins' files (docs/state.md), and those that are the test's. */
const state = [
  '/var/log/patchbay/',
  '/run/patchbay/',
  '/var/lib/cni/',
  '/dev/patchbay/',
  '/run/lock/',
  '/run/netns/',
  '/run/test/',
]

/** The top of the tree that shows what was written outside of /run, /var/lib and /dev (world.sh). */
const outside = '/run/outside'

/** Where a file below that tree really is. */
export function realPath(path: string): string {
  return path.startsWith(`${outside}/`) ? path.slice(outside.length) : path
}

/** The files that are neither below a state directory nor where the input says. */
export function outsideState(files: readonly string[], input: string): string[] {
  // An option of podman is text, and may be JSON: its quotes have a backslash.
  const named = [...input.matchAll(/"(\/[^"{\\]*)/g)].map(([, path = '']) => normalize(path))
  const allowed = [...state, ...named.filter((path) => path !== '/')]
  return files.map(realPath).filter((path) => !allowed.some((start) => path.startsWith(start)))
}
