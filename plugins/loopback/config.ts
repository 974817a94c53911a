/** The configuration of a loopback network: no keys of its own. */

import { network } from '../../shared/cni/config.ts'

export const config = network({})
