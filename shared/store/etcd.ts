/** `#store` of the Node engine. What it needs is loaded by the first call: most calls of the executable do without. */

import type { Connect } from './client.ts'

export const connect: Connect | undefined = async (config) => {
  const { connectTo } = await import('./etcd/connect.ts')
  return connectTo(config)
}
