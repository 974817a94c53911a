import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'

const root = new URL('../../..', import.meta.url).pathname
const page = readFileSync(join(root, 'docs/adding-a-device.md'), 'utf8')

test('the code on the page about a new kind is that of the files it names', () => {
  const blocks = [...page.matchAll(/`([^`\n]+\.ts)`:\n\n```ts\n([\s\S]*?)```/g)]
  assert.equal(
    blocks.map(([, path]) => path),
    ['plugins/dummy/config.ts', 'plugins/dummy/plugin.ts', 'plugins/registry.ts'],
  )
  for (const [, path = '', code = ''] of blocks)
    assert.ok(readFileSync(join(root, path), 'utf8').includes(code), `${path} has changed`)
})

test.run()
