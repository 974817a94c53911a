/** The trial program as a Node executable. */

import { start } from '../../../engine/node/start.ts'
import { main } from './program.ts'

start(main, async () => {})
