/** Keys of an answer that are absent where there is no value. */

/** The entries that have a value. */
export function optional<T extends object>(entries: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never
}
