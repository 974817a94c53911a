/** STATUS of what may be over in a moment: one warning. An error would make the node NotReady, which evicts its pods. */

import * as assert from 'uvu/assert'
import { done } from './attach.ts'
import { ip } from './command.ts'
import { type Configuration, call, type Engine } from './plugin.ts'
import { test } from './test.ts'

export const engines: Engine[] = ['quickjs', 'node']

/** STATUS succeeds, with one line: a warning that begins like this. */
export async function assertWarns(config: Configuration, engine: Engine, says: string): Promise<void> {
  const { stderr, ...answer } = await call({ verb: 'STATUS', config, engine })
  const line = `patchbay ${config.type}: warning: ${says}`
  assert.equal({ ...answer, stderr: stderr.slice(0, line.length) }, { ...done, stderr: line })
  assert.not.match(stderr, '\n')
}

/** Tests of configurations whose parent is `down0`. Without a word of what the warning says, it is the one of all kinds with a parent. */
export function testParentDown(
  rows: readonly (readonly [Configuration, string?])[],
  usual = 'the parent down0 is down: ip link set dev down0 up',
): void {
  ip('link add down0 type veth peer name down1')
  for (const [own, says = usual] of rows)
    test(`${own.type}: STATUS warns once of a parent that is down, and not when it is up`, async () => {
      const config = { name: 'net', cniVersion: '1.1.0', ...own }
      for (const engine of engines) {
        ip('link set down0 down')
        await assertWarns(config, engine, says)
        ip('link set down0 up')
        assert.equal(await call({ verb: 'STATUS', config, engine }), done)
      }
    })
}
