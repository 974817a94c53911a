/** Tests of impossible configurations, which all plugins refuse in the same way. */

import * as assert from 'uvu/assert'
import { test } from './test.ts'

type Keys = Record<string, unknown>
/** An error's code, and all that it says. */
type Refusal = { code: unknown; said: string }

/** A test for each row: keys that are refused with code 7, and the message. */
export function testRefusals(
  rows: readonly (readonly [Keys, ...string[]])[],
  refused: (keys: Keys) => Promise<Refusal>,
): void {
  for (const [keys, ...parts] of rows)
    test(`${JSON.stringify(keys).slice(0, 120)} is refused: ${parts[0]}`, async () => {
      const { code, said } = await refused(keys)
      assert.is(code, 7, said)
      for (const part of parts) assert.ok(said.includes(part), said)
    })
}

/** Asserts that errors say that the kernel lacks a kind of device, and name its module. */
export function assertMissing(kind: string, ...refusals: readonly Refusal[]): void {
  for (const { code, said } of refusals) {
    assert.is(code, 50)
    assert.match(said, `this kernel has no ${kind} devices`)
    assert.match(said, `modprobe rtnl-link-${kind}`)
  }
}
