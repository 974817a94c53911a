/** The broken plugins as a QuickJS executable. */

import { commandLine, exit } from '../../../engine/quickjs/engine.ts'
import { main } from './program.ts'

exit(await main(commandLine()))
