/** Bounds of walks: the least, which others extend. */

import type { Bounds, Left } from './world.ts'

const nothing: Left = {
  works: 0,
  crashes: 0,
  lost: 0,
  adds: 0,
  backups: 0,
  restores: 0,
  copies: 0,
  deaths: 0,
  cuts: 0,
  reinstalls: 0,
  clones: 0,
  memories: 0,
  skews: 0,
}

export const host = (id: string, ...networks: string[]) => ({ id, networks })

const least: Bounds = {
  hosts: [host('hostA', 'net'), host('hostB', 'net')],
  subnet: '10.0.0.0/31',
  blockSize: 32,
  works: ['claim', 'give back'],
  isFirstTaken: false,
  releasesLiving: true,
  starts: [0],
  left: nothing,
}

/** The least bounds with changes: two hosts, one network each, two blocks of one address. */
export function boundsOf(left: Partial<Left>, changes: Partial<Bounds> = {}): Bounds {
  return { ...least, ...changes, left: { ...nothing, ...left } }
}

export const oneHost = { hosts: [host('hostA', 'net')], subnet: '10.0.0.0/32' }
export const threeHosts = { hosts: [...least.hosts, host('hostC', 'net')] }
/** Two networks of a host give from one pool. */
export const twoNetworks = { hosts: [host('hostA', 'net', 'other'), host('hostB', 'net')] }
export const threeBlocks = { subnet: '10.0.0.0/30' }
/** Two blocks of two addresses. */
export const largerBlocks = { subnet: '10.0.0.0/30', blockSize: 31 }
export const withSingles = {
  works: ['claim', 'wish', 'conclude', 'grant', 'take back'],
} satisfies Partial<Bounds>
/** A host is released while it lives, and its pool gets another block size. */
export const withSizes = {
  hosts: [host('hostA', 'net')],
  works: ['claim', 'enter', 'release', 'resize'],
} satisfies Partial<Bounds>
export const withOperator = { works: ['claim', 'give back', 'release', 'recover'] } satisfies Partial<Bounds>

/** As often as it comes. */
export const always: Left = Object.fromEntries(Object.keys(nothing).map((name) => [name, Infinity])) as never
