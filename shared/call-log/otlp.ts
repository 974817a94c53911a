/**
 * Spans as OTLP JSON, one object in a line: what the OpenTelemetry collector's receiver `otlpjsonfile` reads (opentelemetry-proto,
 * trace/v1/trace.proto; in JSON identifiers are hexadecimal, 64-bit integers text, enumerations numbers).
 */

import { version } from '../version.ts'
import type { Entry } from './entry.ts'
import type { TraceContext } from './trace-context.ts'
import type { Span } from './tracer.ts'

/** enum SpanKind. */
const Kind = { INTERNAL: 1, SERVER: 2, CLIENT: 3 } as const

const STATUS_CODE_ERROR = 2

/** enum SpanFlags: whether it is known that the parent is in another process, and whether it is. */
const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200

/** The line of a call. @param spans the call itself first */
export function otlpLine(spans: readonly Span[], context: TraceContext, entry: Described): string {
  const [call] = spans
  const resource = { attributes: attributes({ 'service.name': 'patchbay', 'service.version': version }) }
  const scope = { name: 'patchbay', version }
  const all = spans.map((span) => spanOf(span, context, span === call ? ofCall(entry) : ofPart(span)))
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: all }] }] })
}

type Described = Omit<Entry, 'time' | 'level'>

type Values = Record<string, string | number | undefined>

function spanOf(span: Span, { trace, parent, state, flags }: TraceContext, values: Values): object {
  return {
    traceId: trace,
    spanId: span.id,
    ...(state && { traceState: state }),
    parentSpanId: span.parent?.id ?? parent,
    flags: Number.parseInt(flags, 16) | HAS_IS_REMOTE | (span.parent ? 0 : IS_REMOTE),
    name: span.name,
    kind: kindOf(span),
    startTimeUnixNano: `${span.start}`,
    endTimeUnixNano: `${span.end}`,
    attributes: attributes(values),
    status: span.error === undefined ? {} : { code: STATUS_CODE_ERROR, message: span.error },
  }
}

function kindOf({ parent, name }: Span): number {
  if (!parent) return Kind.SERVER
  return name.startsWith('delegate') ? Kind.CLIENT : Kind.INTERNAL
}

function ofCall({ verb, plugin, network, container, interface: ifname, pod, pid, code }: Described): Values {
  const [namespace, name] = pod?.split('/') ?? []
  return {
    'cni.command': verb,
    'cni.plugin': plugin,
    'cni.network': network,
    'cni.container_id': container,
    'cni.interface': ifname,
    'cni.error.code': code,
    'k8s.namespace.name': namespace,
    'k8s.pod.name': name,
    'process.pid': pid,
  }
}

const ofPart = ({ about }: Span): Values => ({ 'cni.request': about })

function attributes(values: Values): object[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return []
    return [{ key, value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value } }]
  })
}
