/** Commands for the reader of an error, ready to paste into a shell of the host. */

/** Where a command runs: at a request's or a socket's namespace, or on the host where there is none. */
export interface Place {
  netns?: string
}

/** `nsenter --net=PATH COMMAND`; the command alone for the host. */
export function commandIn({ netns }: Place, command: string): string {
  return netns ? `nsenter --net=${netns} ${command}` : command
}

/** Shows a link with its kind and options: `ip -d link show dev NAME`. */
export function seeLink(name: string, place: Place = {}): string {
  return commandIn(place, `ip -d link show dev ${name}`)
}

/** Values behind their words, as iproute2 takes them: `mtu 1400 master br0`. What is undefined is left out. */
export function wordsOf(values: Record<string, unknown>): string {
  return Object.entries(values)
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${value}`]))
    .join(' ')
}
