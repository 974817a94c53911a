/** Where the QuickJS executable begins. */

import { main } from '../../main.ts'
import { commandLine, exit } from './engine.ts'

exit(await main(commandLine()))
