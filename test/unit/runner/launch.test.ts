/** Which test files `npm test` starts on a private host. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { movesFirst } from '../../runner/launch.ts'

const root = join(import.meta.dirname, '../../..')
const isMover = (file: string) => movesFirst(readFileSync(join(root, file), 'utf8'))

test('a file that moves before all else is started on a private host', () => {
  assert.ok(movesFirst(`import { privateHost } from '../harness/host.ts'\n\nawait privateHost()\n`))
})

test('a file that does something outside, or stays there, is not', () => {
  assert.not(movesFirst(`import { x } from './x.ts'\n\nawait x()\nawait privateHost()\n`))
  assert.not(movesFirst(`import { x } from './x.ts'\n\n// await privateHost()\n`))
  assert.not(isMover('test/fuzz/detectors.test.ts'))
  assert.not(isMover('test/kernel/protocol.test.ts'))
})

test('every other kernel test is', () => {
  const movers = globSync('test/kernel/*.test.ts', { cwd: root }).filter(
    (file) => file !== 'test/kernel/protocol.test.ts',
  )
  assert.equal(
    movers.filter((file) => !isMover(file)),
    [],
  )
})

test.run()
