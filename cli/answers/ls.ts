/** What `patchbay ls -o json` prints. */

import { array } from 'zod'
import { attachment } from './attachment.ts'

export const answer = array(attachment)
