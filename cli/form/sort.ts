/** The order of rows, the same in each run and each locale. */

/** Less than 0 when the first one comes first: for `sort`. Texts are compared by their characters' numbers. */
export function compared<T extends string | number | bigint>(one: T, other: T): number {
  return one < other ? -1 : Number(one > other)
}
