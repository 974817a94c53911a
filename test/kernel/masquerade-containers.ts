/** Containers that are masqueraded, for the tests of both back ends. */

import * as assert from 'uvu/assert'
import {
  addMasquerade,
  checkMasquerade,
  type MasqueradeBackend,
  removeMasquerade,
} from '../../shared/firewall/masquerade.ts'
import { command } from '../harness/command.ts'
import { test } from '../harness/test.ts'
import { type Container, cidrs, ruleset } from './firewall-containers.ts'

export const add = ({ attachment, addresses }: Container, backend?: MasqueradeBackend) =>
  addMasquerade(attachment, cidrs(...addresses), backend)
export const check = ({ attachment, addresses }: Container, backend?: MasqueradeBackend) =>
  checkMasquerade(attachment, cidrs(...addresses), backend)
export const remove = ({ attachment }: Container) => removeMasquerade(attachment)

/** The program of workers. */
export const worker = new URL('firewall-worker.ts', import.meta.url)

/** Patchbay's and the reference's lines in iptables, of both families. */
export function iptablesRules(kind: 'nft' | 'legacy' = 'nft'): string[] {
  return ['iptables', 'ip6tables'].flatMap((program) =>
    command(`${program}-${kind}-save`, '-t', 'nat')
      .split('\n')
      .filter((line) => line.includes('CNI-')),
  )
}

/** A kind of test; after each the containers are deleted, and nothing may be left. */
export function scenarioWith(...containers: Container[]) {
  return (sentence: string, play: () => Promise<unknown>): void =>
    test(sentence, async () => {
      try {
        await play()
      } finally {
        for (const container of containers) await remove(container)
      }
      const left = [...ruleset().filter(({ table }) => table?.name === 'patchbay'), ...iptablesRules()]
      command('nft', 'flush', 'ruleset')
      assert.equal(left, [])
    })
}
