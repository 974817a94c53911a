/** The shape of a JSON document as a table: a line for each key. */

/** What is read of a JSON Schema. */
interface Schema {
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema | boolean
  anyOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  $ref?: string
  $defs?: Record<string, Schema>
}

/** The table. Keys in keys are `a.b`, of the elements of an array `a[].b`, of a map `a.*.b`. */
export function shapeTable(schema: object): string {
  const root = schema as Schema
  const lines = rows(root, '', root).map(
    ([key, type, means]) =>
      `| \`${key}\` | ${type} | ${means.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`,
  )
  return ['| key | type | |', '|---|---|---|', ...lines].join('\n')
}

type Row = [key: string, type: string, means: string]

function rows(schema: Schema, key: string, root: Schema, isOptional = false): Row[] {
  const { properties, required = [], items, additionalProperties, anyOf } = schema
  const own: Row[] = [
    [key || '.', typeOf(schema) + (isOptional ? ', optional' : ''), schema.description ?? ''],
  ]
  const below = Object.entries(properties ?? {}).flatMap(([name, one]) =>
    rows(one, key ? `${key}.${name}` : name, root, !required.includes(name)),
  )
  const elements =
    items && isDeep(items) ? rows(items, `${key}[]`, root).slice(isDescribed(items) ? 0 : 1) : []
  const values =
    typeof additionalProperties === 'object'
      ? rows(additionalProperties, `${key}.*`.replace(/^\./, ''), root)
      : []
  const choices = (anyOf ?? []).filter(isDeep).flatMap((one) => rows(one, key, root).slice(1))
  return [...own, ...below, ...elements, ...values, ...choices]
}

const isDescribed = ({ description }: Schema) => description !== undefined

/** Whether there is more to say of it than its type. */
function isDeep({ properties, items, additionalProperties, anyOf, description }: Schema): boolean {
  return Boolean(properties || items || typeof additionalProperties === 'object' || anyOf || description)
}

function typeOf({ type, items, enum: words, const: word, anyOf, $ref }: Schema): string {
  if (word !== undefined) return `\`${JSON.stringify(word)}\``
  if (words) return words.map((one) => `\`${one}\``).join(', ')
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ')
  if (type === 'array') return `list of ${items ? typeOf(items) : 'any'}`
  if ($ref) return 'as above'
  return [type ?? 'any'].flat().join(' or ')
}
