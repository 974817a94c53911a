/** Commands in errors, to be pasted into a shell of the host. */

/** The network namespace in which a command runs; without one, the host's. */
export interface Place {
  netns?: string
}

/** `nsenter --net=PATH COMMAND`; on the host, the command alone. */
export function commandIn({ netns }: Place, command: string): string {
  return netns ? `nsenter --net=${netns} ${command}` : command
}

/** The command that shows a link with its kind and options: `ip -d link show dev NAME`. */
export function seeLink(name: string, place: Place = {}): string {
  return commandIn(place, `ip -d link show dev ${name}`)
}

/** An option's value in words: on, off, unset, or its text. */
export function inWords(value: unknown): string {
  if (value === undefined) return 'unset'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value)
}

/** Words with their values in the syntax of iproute2: `mtu 1400 promisc on`. Undefined values are left out. */
export function wordsOf(values: Record<string, unknown>): string {
  return Object.entries(values)
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${inWords(value)}`]))
    .join(' ')
}
