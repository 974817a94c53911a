/** Spans: what a call spends its time on. Without a tracer (`shared/call-log/tracer.ts`) a span costs one comparison. */

/** What a span is about; only a tracer reads it. */
export interface About {
  readonly attempt?: string
  readonly path?: string
}

export interface Tracer {
  /** Runs an action. Its span ends with it; that of a promise when it is settled. */
  span<T>(name: string, action: () => T, about?: About): T
  /** Variables for a program that is executed within the current span. */
  environment(): Record<string, string>
}

let tracer: Tracer | undefined

/** From now on spans are the tracer's; undefined: there are no spans. */
export function traceBy(one: Tracer | undefined): void {
  tracer = one
}

/** Runs an action as a span. @param name of its kind: `netlink`, `lock wait` */
export function spanned<T>(name: string, action: () => T, about?: About): T {
  return tracer ? tracer.span(name, action, about) : action()
}

/** The trace context for a program that is executed now (W3C Trace Context, in environment variables); undefined without a tracer. */
export function traceEnvironment(): Record<string, string> | undefined {
  return tracer?.environment()
}
