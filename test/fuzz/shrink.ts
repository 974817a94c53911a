/** Makes a JSON value smaller while a property holds: keys and entries are removed, texts and numbers shortened. */

/**
 * The smallest value found, by steps that each keep the property.
 * @param isKind whether a value is of the kind that can be tried
 * @param budget how often the property is tried at most
 */
export async function shrink<T>(
  value: T,
  isKind: (candidate: unknown) => candidate is T,
  holds: (smaller: T) => Promise<boolean>,
  budget = 300,
): Promise<T> {
  let [smallest, left] = [value, budget]
  for (let found = true; found; ) {
    found = false
    for (const candidate of smaller(smallest)) {
      if (!isKind(candidate)) continue
      if (left-- <= 0) return smallest
      if (!(await holds(candidate))) continue
      smallest = candidate
      found = true
      break
    }
  }
  return smallest
}

/** Values that are smaller by one step, the greatest steps first. */
export function* smaller(value: unknown): Generator<unknown> {
  if (typeof value === 'string') yield* shorter(value)
  else if (typeof value === 'number') yield* nearerToZero(value)
  else if (Array.isArray(value)) yield* fewerEntries(value)
  else if (typeof value === 'object' && value !== null) yield* fewerKeys(value)
}

/** A text or list without a part: halves first, single characters or entries last. */
function* without<T extends string | readonly unknown[]>(whole: T, join: (head: T, tail: T) => unknown) {
  for (let size = whole.length; size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < whole.length; at += size)
      yield join(whole.slice(0, at) as T, whole.slice(at + size) as T)
}

function shorter(text: string): Generator<unknown> {
  return without(text, (head, tail) => head + tail)
}

function* fewerEntries(list: readonly unknown[]): Generator<unknown> {
  yield* without(list, (head, tail) => [...head, ...tail])
  for (const [index, item] of list.entries()) for (const less of smaller(item)) yield list.with(index, less)
}

function* fewerKeys(value: object): Generator<unknown> {
  const entries = Object.entries(value)
  for (const [key] of entries) yield Object.fromEntries(entries.filter(([name]) => name !== key))
  for (const [index, [key, item]] of entries.entries())
    for (const less of smaller(item)) yield Object.fromEntries(entries.with(index, [key, less]))
}

function* nearerToZero(value: number): Generator<unknown> {
  const steps = [0, Math.trunc(value), Math.trunc(value / 2)]
  for (const step of steps) if (Math.abs(step) < Math.abs(value)) yield step
}
