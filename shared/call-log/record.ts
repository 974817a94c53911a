/** The record of one call in the log of calls: a line for each warning, one at the end, and the spans of a caller that traces. Never throws. */

import type { Log } from '../error/log.ts'
import { wallClock } from '../kernel/clock.ts'
import { traceBy } from '../kernel/span.ts'
import { syscall } from '../kernel/syscall.ts'
import { append } from './append.ts'
import { count } from './counts.ts'
import type { Entry, Level, Wanted } from './entry.ts'
import { otlpLine } from './otlp.ts'
import { files, readSettings, type Settings, tried } from './settings.ts'
import { type TraceContext, traceContext } from './trace-context.ts'
import { type Collected, collector } from './tracer.ts'

/** The call. */
export interface Subject {
  plugin: string
  env: Record<string, string>
  /** The network's name, as the configuration has it. */
  network: unknown
  /** `debug`: decisions, times and each STATUS are logged, too. */
  level: Wanted
}

/** An error as the caller gets it. */
export interface Failure {
  code: number
  msg: string
  details?: string
}

export interface CallRecord {
  /** Writes to the log of calls, and to another log. */
  log: Log
  /** The call has ended. */
  end(failure?: Failure): void
}

type About = Omit<Entry, 'time' | 'level'>

/** Begins the record of a call. @param log where messages go besides */
export function record(subject: Subject, log: Log): CallRecord {
  const isDebug = subject.level === 'debug'
  const settings = readSettings()
  const context = traceContext(subject.env)
  const about = describe(subject, context)
  const traced = isDebug || context?.sampled ? tried(() => collect(about, context)) : undefined
  const start = wallClock()
  const write = (level: Level, more: Partial<Entry>) => writeEntry(level, { ...about, ...more }, settings)
  return {
    log: {
      warn(msg) {
        log.warn(msg)
        write('warn', { msg: cut(msg) })
      },
      info(msg) {
        log.info(msg)
        if (isDebug) write('debug', { msg: cut(msg) })
      },
    },
    end(failure) {
      traceBy(undefined)
      traced?.end(failure?.msg)
      const ended = { duration: secondsOf(wallClock() - start), ...(failure && shortened(failure)) }
      tried(() => count(about.plugin, about.verb, failure?.code ?? 0))
      const spent = isDebug ? traced?.spent() : undefined
      if (failure || isDebug || about.verb !== 'STATUS')
        write(failure ? 'error' : 'info', { ...ended, ...(spent && { spent }) })
      if (traced && context?.sampled) writeSpans(traced, context, { ...about, ...ended }, settings)
    },
  }
}

/** The commands of the specification: a caller may send anything. */
const verbs = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC']

function describe({ plugin, env, network }: Subject, context?: TraceContext): About {
  const { CNI_COMMAND = '', CNI_CONTAINERID, CNI_IFNAME, CNI_ARGS = '' } = env
  return {
    verb: verbs.includes(CNI_COMMAND) ? CNI_COMMAND : 'OTHER',
    plugin,
    network: typeof network === 'string' ? cut(network, longestName) : undefined,
    container: cut(CNI_CONTAINERID || undefined, longestName),
    interface: cut(CNI_IFNAME || undefined, longestName),
    pod: cut(podIn(CNI_ARGS), longestName),
    trace: context?.trace,
    pid: syscall('getpid'),
  }
}

/** The pod that the kubelet's runtimes name. Other arguments may be secret. */
function podIn(args: string): string | undefined {
  const argument = (key: string) => new RegExp(`(?:^|;)${key}=([^;]+)`).exec(args)?.[1]
  const [namespace, name] = [argument('K8S_POD_NAMESPACE'), argument('K8S_POD_NAME')]
  return namespace && name ? `${namespace}/${name}` : undefined
}

function collect({ verb, plugin }: About, context?: TraceContext): Collected {
  const collected = collector(`${plugin} ${verb}`, context?.sampled ? context : undefined)
  traceBy(collected.tracer)
  return collected
}

function writeEntry(level: Level, about: About, settings: Settings): void {
  tried(() => {
    const time = new Date(Number(wallClock() / 1_000_000n)).toISOString()
    append(files.calls, JSON.stringify({ time, level, ...about } satisfies Entry), settings)
  })
}

function writeSpans({ spans }: Collected, context: TraceContext, about: About, settings: Settings): void {
  tried(() => append(files.spans, otlpLine(spans, context, about), settings))
}

/** In characters. */
const longestName = 256
const longestText = 4000

function cut<T extends string | undefined>(text: T, longest = longestText): T {
  return text?.slice(0, longest) as T
}

/** The code of an input that is no JSON: its details quote the input, which may have secrets. */
const UNDECODABLE = 6

function shortened({ code, msg, details }: Failure): Failure {
  const isQuoted = code === UNDECODABLE
  return { code, msg: cut(msg), ...(details && !isQuoted && { details: cut(details) }) }
}

function secondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e9
}
