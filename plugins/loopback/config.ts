/** The configuration of a loopback network: no keys of its own. */

import { network } from '../../shared/config/config.ts'

export const config = network({})
