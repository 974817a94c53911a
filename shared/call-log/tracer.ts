/** Collects the spans of one call. A call does one thing after the other, so the span that was begun last is the parent of the next. */

import { wallClock } from '../kernel/clock.ts'
import { readStart } from '../kernel/files.ts'
import type { About, Tracer } from '../kernel/span.ts'
import type { TraceContext } from './trace-context.ts'

export interface Span {
  /** 16 hexadecimal digits. */
  id: string
  /** Undefined for the call itself. */
  parent?: Span
  name: string
  about?: string
  /** Nanoseconds since the epoch. */
  start: bigint
  end: bigint
  /** The message of what it threw. */
  error?: string
}

export interface Collected {
  tracer: Tracer
  /** The call itself, then its parts in the order in which they began. */
  spans: readonly Span[]
  /** Ends the span of the call. @param error the message of its error */
  end(error?: string): void
  /** Seconds by kind of span, each without the spans inside it. */
  spent(): Record<string, number>
}

/** Of a call: GC of a large network makes thousands of requests. */
const mostSpans = 200

/** In characters. */
const longestText = 500

/** Begins the span of a call. @param context the caller's trace, when the spans are to be a part of it */
export function collector(name: string, context?: TraceContext): Collected {
  const nextId = ids()
  const now = wallClock()
  const root: Span = { id: nextId(), name, start: now, end: now }
  const spans = [root]
  let current = root
  const begin = (name: string, { attempt, path }: About = {}): Span => {
    const span = {
      id: nextId(),
      parent: current,
      name,
      about: cut(attempt ?? path),
      start: wallClock(),
      end: 0n,
    }
    spans.push(span)
    current = span
    return span
  }
  const end = (span: Span, error?: unknown) => {
    span.end = wallClock()
    if (error !== undefined) span.error = cut(error instanceof Error ? error.message : String(error))
    current = span.parent ?? root
  }
  const environment = () => context && { TRACEPARENT: `00-${context.trace}-${current.id}-${context.flags}` }
  return {
    spans,
    end: (error) => end(root, error),
    spent: () => spentBy(spans),
    tracer: {
      span: (name, action, about) =>
        spans.length < mostSpans ? within(begin(name, about), action, end) : action(),
      environment: () => environment() ?? {},
    },
  }
}

function within<T>(span: Span, action: () => T, end: (span: Span, error?: unknown) => void): T {
  try {
    const result = action()
    if (result instanceof Promise) return settled(result, span, end) as T
    end(span)
    return result
  } catch (error) {
    end(span, error)
    throw error
  }
}

async function settled<T>(
  result: Promise<T>,
  span: Span,
  end: (span: Span, error?: unknown) => void,
): Promise<T> {
  try {
    const value = await result
    end(span)
    return value
  } catch (error) {
    end(span, error)
    throw error
  }
}

function spentBy([, ...parts]: readonly Span[]): Record<string, number> {
  const nanoseconds: Record<string, bigint> = {}
  const add = (name: string, time: bigint) => {
    nanoseconds[name] = (nanoseconds[name] ?? 0n) + time
  }
  for (const { name, parent, start, end } of parts) {
    add(name, end - start)
    if (parent?.parent) add(parent.name, start - end)
  }
  return Object.fromEntries(Object.entries(nanoseconds).map(([name, time]) => [name, Number(time) / 1e9]))
}

const ID_BYTES = 8

/** Makes random identifiers. */
function ids(): () => string {
  const bytes = readStart('/dev/urandom', ID_BYTES * mostSpans)
  let at = 0
  return () => {
    at += ID_BYTES
    return bytes.toString('hex', at - ID_BYTES, at)
  }
}

function cut(text?: string): string | undefined {
  return text?.slice(0, longestText)
}
