/** The configuration of a loopback network: no keys of its own. */

import { noRequests } from '../../shared/config/common.ts'
import { network } from '../../shared/config/config.ts'

export const config = network(noRequests)
