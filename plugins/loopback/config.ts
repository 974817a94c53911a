/** What a loopback network may say: nothing of its own. */

import { network } from '../../shared/cni/config.ts'

export const config = network({})
