/** Freezes the records of a release: `sh scripts/node.sh test/freeze.ts 0.2.0` writes test/fixtures/records/0.2.0, as root. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../scripts/run.ts'
import { reportMissing } from '../scripts/setup.ts'
import { runInGuest } from './guest/boot.ts'

const output = join(import.meta.dirname, 'fixtures/records')
const file = (name: string) => join(import.meta.dirname, `kernel/${name}.test.ts`)
const [version] = process.argv.slice(2)

/** On this kernel; and in a guest, which has the other kinds of links. */
async function freeze(version: string): Promise<void> {
  mkdirSync(output, { recursive: true })
  process.env.PATCHBAY_FREEZE = version
  await run(process.execPath, [file('records-of-releases')])
  const { status, stderr } = await runInGuest([process.execPath, file('records-of-releases-kinds')], {
    output,
  })
  if (status !== 0) throw new Error(stderr)
}

if (/^\d+\.\d+\.\d+$/.test(version ?? '')) await reportMissing(() => freeze(version as string))
else {
  console.error('usage: sh scripts/node.sh test/freeze.ts VERSION')
  process.exitCode = 2
}
