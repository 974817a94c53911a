/** Entry point of the QuickJS executable. */

import { main } from '../../main.ts'
import { commandLine, exit } from './engine.ts'

exit(await main(commandLine()))
