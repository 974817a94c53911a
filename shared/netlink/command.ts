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

/** Words with their values in the syntax of iproute2: `mtu 1400 master br0`. Undefined values are left out. */
export function wordsOf(values: Record<string, unknown>): string {
  return Object.entries(values)
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${value}`]))
    .join(' ')
}
