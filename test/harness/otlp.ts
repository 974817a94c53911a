/** Spans as OTLP JSON (opentelemetry-proto, trace/v1/trace.proto): one export in a line, checked member by member. */

import { readFileSync } from 'node:fs'
import { array, strictObject as object, string, union, z } from 'zod'

const hex = (digits: number) => string().regex(new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`))
/** fixed64 and int64 are text in JSON. */
const number64 = string().regex(/^\d+$/)
const attributes = array(
  object({
    key: string().min(1),
    value: union([object({ stringValue: string() }), object({ intValue: number64 })]),
  }),
)

const span = object({
  traceId: hex(32),
  spanId: hex(16),
  traceState: string().optional(),
  parentSpanId: hex(16),
  flags: z.int().min(0).max(0xffffffff),
  name: string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: number64,
  endTimeUnixNano: number64,
  attributes,
  status: object({ code: z.int().min(0).max(2).optional(), message: string().optional() }),
})

const scopeSpans = array(object({ scope: object({ name: string(), version: string() }), spans: array(span) }))
const line = object({ resourceSpans: array(object({ resource: object({ attributes }), scopeSpans })) })

export type OtlpSpan = z.infer<typeof span>

/** The spans of each line of a file. @throws when a line is no export */
export function exportsIn(file: string): OtlpSpan[][] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((text) =>
    line
      .parse(JSON.parse(text))
      .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  )
}

/** The text or number of a span's attribute. */
export function attributeOf({ attributes }: OtlpSpan, wanted: string): string | undefined {
  const value = attributes.find(({ key }) => key === wanted)?.value
  return value && Object.values(value)[0]
}
