/** What containerd's library go-cni makes of an error of DEL, by its text. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'

const root = join(import.meta.dirname, '../../..')

/** go-cni counts a DEL that says so as done (cni.go, Remove), and what is left is never asked for again. */
const swallowed = /not found|no such file or directory/i

test('no text of ours lets containerd forget a DEL that failed', () => {
  const files = globSync('{plugins,shared,cli}/**/*.ts', { cwd: root })
  assert.ok(files.length > 100)
  const found = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      .split('\n')
      .filter((line) => swallowed.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  )
  assert.equal(found, [])
})

test.run()
