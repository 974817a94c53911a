/** `#store` of the Node engine. */

import type { Connect } from './client.ts'

export const connect: Connect | undefined = undefined
