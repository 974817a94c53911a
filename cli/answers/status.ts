/** What `patchbay status -o json` prints. */

import { array, boolean, nullable, number, strictObject as object, enum as oneOf, string } from 'zod'

const state = oneOf(['ok', 'error', 'warning', 'leak', 'unseen'])

export const answer = object({
  worst: state.describe('The worst state of all lines.'),
  lines: array(
    object({
      subject: string(),
      state: state.describe('unseen: this process may not look at it.'),
      text: string(),
      remedy: string().describe('A command for a shell of root; empty when all is well.'),
    }),
  ).describe('What the screen shows.'),
  executable: object({ file: string(), version: string(), engine: string(), architecture: string() }),
  runtimes: array(
    object({
      name: string(),
      version: nullable(string()).describe('null: the program does not tell it.'),
      running: boolean(),
      cni: boolean().describe('Whether it calls CNI plugins.'),
    }),
  ),
  lists: array(
    object({
      file: string(),
      network: string(),
      cniVersion: string(),
      plugins: array(string()),
      wins: boolean().describe('Whether a runtime that takes one list takes this one.'),
    }),
  ),
  plugins: array(
    object({
      directory: string(),
      version: nullable(string()).describe('Of Patchbay there; null: none, or not known.'),
      engine: nullable(string()),
      ours: number().describe('How many names lead to Patchbay.'),
      others: array(string()).describe("Other projects' plugins."),
    }),
  ),
  kernel: object({
    release: string(),
    kinds: array(string()).describe('Kinds of links that it has or can load.'),
    missing: nullable(array(string())).describe(
      'null: not known, as /lib/modules has nothing of this kernel.',
    ),
  }),
  firewall: nullable(
    object({
      backEnd: oneOf(['nftables', 'iptables']),
      firewalld: boolean().describe('Whether firewalld runs.'),
      reasons: array(string()).describe('Why not the other one.'),
    }),
  ).describe('null: this process may not ask.'),
  links: object({
    total: number(),
    ofContainers: number().describe("Host ends of containers' pairs, and the like."),
  }),
  state: array(object({ directory: string(), free: number().describe('Bytes.') })).describe(
    'Where files of state are kept.',
  ),
  ranges: array(
    object({
      network: string(),
      range: string(),
      total: number(),
      used: number(),
      free: number(),
      oldest: nullable(
        object({ container: string(), address: string(), age: number().describe('Seconds.') }),
      ).describe('The holder for the longest time.'),
    }),
  ),
  leases: nullable(
    object({
      total: number(),
      renewed: boolean().describe('Whether patchbay dhcp runs.'),
      firstEnd: nullable(number()).describe('Seconds until the first one ends; null: none has an end.'),
    }),
  ).describe('Of DHCP; null: there are none.'),
  attachments: object({ live: number(), ended: number(), unknown: number() }),
  findings: object({ error: number(), warning: number(), leak: number() }).describe('What doctor finds.'),
})
