/** How containers are named in texts for people. */

import type { Cell } from '../form/table.ts'
import type { Life } from './containers.ts'

/** Container IDs have 64 digits: twelve of them are enough for people. */
export function shortID(container: string): string {
  return /^[0-9a-f]{64}$/.test(container) ? container.slice(0, 12) : container
}

/** What is not as it should be has a colour. */
export function lifeCell(life: Life): Cell {
  if (life === 'lives') return life
  return { text: life, colour: life === 'ended' ? 'red' : 'yellow' }
}
