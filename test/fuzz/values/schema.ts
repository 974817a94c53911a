/** Values of a schema: made from its type, bounds, words and inner schemas, so that the schema accepts them. */

import fc from 'fast-check'
import { absenceOf, factsOf, type Schema, type Shape } from '../../../shared/config/deferred.ts'
import { bare } from '../../../shared/config/inspect.ts'
import { pools } from './pools.ts'

type Values = fc.Arbitrary<unknown>
type Keys = Record<string, unknown>

/** What zod keeps of a schema's structure. */
interface Structure {
  type: string
  values?: unknown[]
  element?: Schema
  shape?: Shape
  valueType?: Schema
  options?: Schema[]
}

/** The most optional keys of an object. */
const most = 3

/** Values that a schema accepts. */
export function valuesOf(schema: Schema): Values {
  const present = bare(schema)
  const { type, values, element, shape, valueType, options } = present._zod.def as unknown as Structure
  if (values) return fc.constantFrom(...values)
  if (element) return fc.array(valuesOf(element), { maxLength: 3 })
  if (shape) return objectsOf(shape)
  if (valueType) return fc.dictionary(fc.string({ maxLength: 8 }), valuesOf(valueType), { maxKeys: 3 })
  if (options) return fc.oneof(...options.map(valuesOf))
  if (type === 'boolean') return fc.boolean()
  if (type === 'string') return pools.string
  return type === 'custom' ? byFacts(present) : fc.jsonValue({ maxDepth: 2 })
}

/** Objects with all required keys of a shape and a few of the others. */
export function objectsOf(shape: Shape): fc.Arbitrary<Keys> {
  const isRequired = (key: string) => absenceOf(shape[key] as Schema) === undefined
  const required = Object.keys(shape).filter(isRequired)
  const optional = Object.keys(shape).filter((key) => !isRequired(key))
  return fc.subarray(optional, { maxLength: Math.min(most, optional.length) }).chain((chosen) => {
    const keys = [...required, ...chosen]
    return fc.record(Object.fromEntries(keys.map((key) => [key, valuesOf(shape[key] as Schema)])))
  })
}

/** Values of a type of our own: by the name that documentation gives it, its bounds, or its pattern. */
function byFacts(schema: Schema): Values {
  const { title = '', pattern, minimum, maximum } = factsOf(schema)
  const pool = pools.byTitle[title]
  if (pool) return pool
  if (minimum !== undefined && maximum !== undefined) return numbers(minimum, maximum)
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.oneof(fc.constant('system_u:system_r:container_t:s0'), fc.string())
}

/** Numbers within bounds: the bounds themselves, small ones, any. */
function numbers(min: number, max: number): Values {
  const small = fc.integer({ min, max: Math.min(max, min + 100) })
  return fc.oneof(
    fc.constantFrom(min, max),
    small,
    fc.maxSafeInteger().map((n) => min + (Math.abs(n) % (max - min + 1))),
  )
}
