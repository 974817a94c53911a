/** The numeric keys of a plugin's schema, with the ends of their ranges, and configurations that have such a number. */

import { factsOf, type Schema, type Shape } from '../../shared/config/deferred.ts'
import { bare, elementOf, shapeOf } from '../../shared/config/inspect.ts'

type Keys = Record<string, unknown>
type Step = string | number

/** Where a number is in a configuration: `['links', 0, 'queueId']`. */
export interface NumericKey {
  path: Step[]
  ends: [min: number, max: number]
}

/** All numeric keys of a shape, those within lists, maps and objects too. */
export function numericKeys(shape: Shape, path: Step[] = []): NumericKey[] {
  return Object.entries(shape).flatMap(([key, schema]) => numbersIn(schema, [...path, key]))
}

function numbersIn(schema: Schema, path: Step[]): NumericKey[] {
  const present = bare(schema)
  const { type, minimum = 0, maximum = 0 } = factsOf(present)
  if (type === 'integer') return [{ path, ends: [minimum, maximum] }]
  const { options = [], valueType } = present._zod.def as { options?: Schema[]; valueType?: Schema }
  const element = elementOf(present)
  return [
    ...options.flatMap((option) => numbersIn(option, path)),
    ...(valueType ? numbersIn(valueType, [...path, '3']) : []),
    ...(element ? numbersIn(element, [...path, 0]) : []),
    ...(options.length === 0 ? numericKeys(shapeOf(present) ?? {}, path) : []),
  ]
}

/** A copy of a configuration with a number in its place; what is around it is made where it is missing. */
export function withNumber(config: Keys, [first = '', ...rest]: Step[], value: number): Keys {
  return { ...config, [first]: placed(config[first], rest, value) }
}

function placed(present: unknown, path: Step[], value: number): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (typeof step === 'string')
    return withNumber(present instanceof Object ? (present as Keys) : {}, path, value)
  const list = Array.isArray(present) ? [...present] : []
  list[step] = placed(list[step], rest, value)
  return list
}
