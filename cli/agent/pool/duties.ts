/** What has to be done at the next pass because the store has changed, or because it is time. */

export interface Duties {
  /** To enter: the epoch, or what the store says of a block of ours, may have changed; or it is the first time. */
  enter: boolean
  /** To tell the store that this host is there, and to look at everything. */
  beat: boolean
  /** Pools whose definition has changed. */
  reread: ReadonlySet<string>
  /** Pools in which another host asks for an address of ours. */
  grant: ReadonlySet<string>
  /** Pools in which an address that was granted may be free again. */
  takeBack: ReadonlySet<string>
}

export const noDuties: Duties = {
  ...{ enter: false, beat: false },
  ...{ reread: new Set(), grant: new Set(), takeBack: new Set() },
}

export function allDuties(pools: Iterable<string>): Duties {
  const all = new Set(pools)
  return { enter: true, beat: true, reread: all, grant: all, takeBack: all }
}

/** What either says. */
export function both(one: Duties, other: Partial<Duties>): Duties {
  const joined = (key: 'reread' | 'grant' | 'takeBack') => new Set([...one[key], ...(other[key] ?? [])])
  return {
    enter: one.enter || (other.enter ?? false),
    beat: one.beat || (other.beat ?? false),
    ...{ reread: joined('reread'), grant: joined('grant'), takeBack: joined('takeBack') },
  }
}

/** Whether other hosts wait for it: nothing else is to be done. */
export function isAnswer({ enter, beat, reread, grant, takeBack }: Partial<Duties>): boolean {
  return !enter && !beat && !reread && Boolean(grant ?? takeBack)
}
