/** Log lines on standard error. Standard output is for the answer only. */

import { writeAll } from '../kernel/files.ts'

export interface Log {
  /** A fact for the operator although the call succeeds. */
  warn(message: string): void
  /** A decision of the plugin that is not obvious from the configuration. */
  info(message: string): void
}

/** A log that is not written. */
export const silent: Log = { warn() {}, info() {} }

const STDERR = 2

/** Writes a text to standard error, for example another program's; a closed standard error is ignored. */
export function forward(text: string): void {
  try {
    writeAll(STDERR, Buffer.from(text))
  } catch {}
}

/** Writes a line to standard error; a closed standard error is ignored. */
export function printError(text: string): void {
  forward(`${text}\n`)
}

/** A text of another program, or a name, in one line: control characters and marks of direction could change what a terminal shows. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** W3C Trace Context, section 3.2: version (not ff), trace and parent (not all zeros), flags. */
const trace = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** In characters: names and values from a configuration may have megabytes. */
const longestLine = 4000

/**
 * One line per message: `patchbay bridge: warning: … (traceparent=00-…)`.
 * @param traceparent TRACEPARENT of the environment; left out when it is malformed
 */
export function stderrLog(plugin: string, traceparent = '', write = printError): Log {
  const suffix = trace.test(traceparent) ? ` (traceparent=${traceparent})` : ''
  const line = (level: string) => (message: string) =>
    write(`patchbay ${plugin}: ${level}: ${plain(message.slice(0, longestLine))}${suffix}`)
  return { warn: line('warning'), info: line('info') }
}
