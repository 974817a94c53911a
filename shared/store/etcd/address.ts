/** Host and port of an endpoint. */

export interface Address {
  /** A name, or an address without brackets. */
  host: string
  /** The same as it stands before a port: an address of IPv6 in brackets. */
  inBrackets: string
  port: number
}

/** @param endpoint such as `https://[2001:db8::1]:2379/`; without a port it is etcd's, 2379 */
export function addressOf(endpoint: string): Address {
  const rest = endpoint.replace(/^https?:\/\//, '').replace(/\/$/, '')
  const [, inBrackets = rest, port = '2379'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(rest) ?? []
  return { host: inBrackets.replace(/^\[|\]$/g, ''), inBrackets, port: Number(port) }
}
