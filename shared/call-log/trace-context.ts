/** W3C Trace Context (www.w3.org/TR/trace-context) in TRACEPARENT and TRACESTATE: the caller's trace, in which this call is a span. */

/** The caller's span. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  trace: string
  /** 16 hexadecimal digits: the span that this call belongs to. */
  parent: string
  /** Whether the caller records its spans. */
  sampled: boolean
  /** The trace-flags as they are. */
  flags: string
  /** TRACESTATE, which is handed on. */
  state?: string
}

/** Section 3.2: version (not ff), trace and parent (not all zeros), flags. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** Section 3.3: printable ASCII; a receiver may drop what is longer. */
const tracestate = /^[\x20-\x7e]{1,512}$/

const SAMPLED = 1

/** The trace of a call; undefined without a valid TRACEPARENT. */
export function traceContext({
  TRACEPARENT = '',
  TRACESTATE = '',
}: Record<string, string>): TraceContext | undefined {
  const [, trace, parent, flags] = traceparent.exec(TRACEPARENT) ?? []
  if (!trace || !parent || !flags) return undefined
  return {
    ...{ trace, parent, flags, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 },
    ...(tracestate.test(TRACESTATE) && { state: TRACESTATE }),
  }
}
