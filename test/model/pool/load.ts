/** Loads copies of the claim protocols; a copy may have bugs put in by hand. */

import { type Edit, newCopy } from '../load.ts'

/** The product's functions that the model calls. */
export async function loadClaims(edits: readonly Edit[] = []) {
  const load = newCopy(edits)
  type Frame = typeof import('../../../shared/store/protocol.ts')
  type Chain = typeof import('../../../shared/store/claims/chain.ts')
  type Claim = typeof import('../../../shared/store/claims/claim.ts')
  type Enter = typeof import('../../../shared/store/claims/enter.ts')
  type Grant = typeof import('../../../shared/store/claims/grant.ts')
  type Host = typeof import('../../../shared/store/claims/host.ts')
  type Pools = typeof import('../../../shared/store/claims/pools.ts')
  type Recover = typeof import('../../../shared/store/claims/recover.ts')
  type Release = typeof import('../../../shared/store/claims/release.ts')
  type Remove = typeof import('../../../shared/store/claims/remove.ts')
  type Single = typeof import('../../../shared/store/claims/single.ts')
  const { write } = await load<Chain>('shared/store/claims/chain.ts')
  const { claimBlock, claimBlockOf } = await load<Claim>('shared/store/claims/claim.ts')
  const { enter } = await load<Enter>('shared/store/claims/enter.ts')
  const { grantSingles, takeBack } = await load<Grant>('shared/store/claims/grant.ts')
  const { holdingsOf } = await load<Host>('shared/store/claims/host.ts')
  const { changePool, deletePool } = await load<Pools>('shared/store/claims/pools.ts')
  const { recover } = await load<Recover>('shared/store/claims/recover.ts')
  const { releaseHost, releaseLeft } = await load<Release>('shared/store/claims/release.ts')
  const { giveBack } = await load<Remove>('shared/store/claims/remove.ts')
  const { askSingle, conclude } = await load<Single>('shared/store/claims/single.ts')
  // Its class is another one in each copy.
  const { StoreAway } = await load<Frame>('shared/store/protocol.ts')
  return {
    write,
    claimBlock,
    claimBlockOf,
    enter,
    grantSingles,
    takeBack,
    holdingsOf,
    giveBack,
    changePool,
    deletePool,
    recover,
    releaseHost,
    releaseLeft,
    askSingle,
    conclude,
    StoreAway,
  }
}

export type Claims = Awaited<ReturnType<typeof loadClaims>>
