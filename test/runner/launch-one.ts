/** The program in front of a kernel test on this kernel: `launch-one.ts FILE`. */

import { readFileSync } from 'node:fs'
import { launch } from './launch.ts'

const [file = ''] = process.argv.slice(2)
process.exitCode = launch(file, readFileSync(file, 'utf8'))
