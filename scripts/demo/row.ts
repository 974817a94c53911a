/** The demo's table: one row for each example. */

export interface Row {
  example: string
  /** The kernel that it ran on. */
  kernel: string
  /** The addresses, or the error. */
  addresses: string
  add: string
  del: string
  ping: string
  failed: boolean
}

/** The row of an example that no available kernel supports. It does not count as failed. */
export function notTried(example: string, needs: readonly string[]): Row {
  const addresses = `not tried: needs ${needs.join(', ')}`
  return { example, kernel: 'none here', addresses, add: '', del: '', ping: '', failed: false }
}

/** Prints the rows as a table. */
export function show(rows: readonly Row[]): void {
  const head = {
    example: 'example',
    kernel: 'kernel',
    addresses: 'addresses',
    add: 'ADD ms',
    del: 'DEL ms',
    ping: 'ping',
  }
  const keys = Object.keys(head) as (keyof typeof head)[]
  const widths = keys.map((key) => Math.min(44, Math.max(...[head, ...rows].map((row) => row[key].length))))
  for (const row of [head, ...rows]) {
    console.log(
      keys
        .map((key, column) => row[key].padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}
