/** What `patchbay trace -o json` prints. */

import {
  array,
  boolean,
  type infer as Infer,
  number,
  strictObject as object,
  enum as oneOf,
  optional,
  string,
} from 'zod'

const verdicts = ['reaches', 'leaves', 'dropped', 'noRoute', 'noAnswer', 'astray', 'unknown'] as const
const steps = ['route', 'link', 'neighbour', 'frame', 'firewall', 'translation', 'delivery'] as const

const place = string().describe(
  'host, or what names the container: its pod, its ID, or the path of its namespace',
)

export const answer = object({
  verdict: oneOf(verdicts).describe(
    'reaches, leaves: fine. noAnswer: the answer does not come back. astray: another namespace has the address, too. unknown: CANNOT TELL.',
  ),
  text: string().describe('The verdict in one line.'),
  packet: object({
    protocol: oneOf(['tcp', 'udp', 'icmp']),
    source: optional(string()).describe('Left out: the route chooses.'),
    destination: string(),
    port: optional(number()),
  }),
  reached: optional(
    object({
      place,
      container: optional(string()),
      interface: string(),
      source: string(),
      destination: string(),
      port: optional(number()),
    }),
  ).describe('Where the packet is taken or leaves the host, with its addresses there.'),
  listens: optional(boolean()).describe('Whether a program listens at the port.'),
  ends: optional(
    object({ place, container: optional(string()), why: string(), command: optional(string()) }),
  ).describe('Where the packet, or its answer, does not go on; command shows why.'),
  links: array(string()).describe('The interfaces on the way there.'),
  hops: array(
    object({
      way: oneOf(['there', 'back']),
      place,
      container: optional(string()),
      step: oneOf(steps),
      text: string(),
      command: optional(string()).describe('A command that shows the same.'),
    }),
  ),
  live: optional(
    object({
      arrived: boolean().describe('The packet was seen at its destination, or leaving the host.'),
      answered: optional(boolean()).describe('Left out for udp without an answer: a program may be silent.'),
      refused: optional(string()).describe('The kernel refused to send it: the errno.'),
      traced: array(object({ place, container: optional(string()), text: string() })).describe(
        'What nftables did with it, rule by rule.',
      ),
    }),
  ),
})

export type Traced = Infer<typeof answer>
