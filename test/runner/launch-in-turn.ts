/** The program of a guest that runs several test files: `launch-in-turn.ts SECONDS FILE…`. It writes how each ended; serve.ts reads it. */

import { readFileSync, writeSync } from 'node:fs'
import { launch } from './launch.ts'

const [limit, ...files] = process.argv.slice(2)
const seconds = () => (performance.now() / 1000).toFixed(2)

for (const file of files) {
  const begun = seconds()
  const status = launch(file, readFileSync(file, 'utf8'), Number(limit))
  writeSync(1, `\n\0ended ${status} ${begun} ${seconds()}\n`)
}
