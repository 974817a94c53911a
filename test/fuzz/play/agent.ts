/** Stands in for `patchbay-agent`, which would speak with etcd: the network of the cases holds a block, and no claim succeeds. */

import { existsSync, writeFileSync } from 'node:fs'
import { scratch } from '../../harness/host.ts'
import { Mount, mount } from '../../harness/libc.ts'
import { failing, hold } from '../../harness/pool.ts'
import type { Place } from './outcome.ts'

/** Puts a script over the program itself, to which a link leads from beside the executables. */
export function replaceAgent({ executables }: Place): void {
  hold('fuzz', '/var/lib/cni/networks', { ranges: [{ subnet: '10.61.0.0/16' }], blocks: ['10.61.1.0/26'] })
  const program = `${executables}/patchbay-agent`
  if (!existsSync(program)) return
  const script = `${scratch}/patchbay-agent`
  const lines = failing('the fuzzer has no etcd').replace('return', 'exit')
  writeFileSync(script, `#!/bin/sh\n${lines}`, { mode: 0o755 })
  mount(script, program, 'none', Mount.BIND)
}
