/** A holder as answers tell it. */

import type * as z from 'zod'
import type { holder } from '../answers/holder.ts'
import { ageOf, isoTime } from '../form/age.ts'
import { optional } from '../form/optional.ts'
import type { Holder } from './stores.ts'

export type ToldHolder = z.infer<typeof holder>

export function toldHolder({
  file,
  network,
  directory,
  containerID,
  ifname,
  parked,
  lentTo,
  view,
  life,
  written,
}: Holder): ToldHolder {
  const time = written === '' ? undefined : BigInt(written)
  return {
    ...{ address: file, network, directory },
    ...optional(
      parked === undefined && lentTo === undefined
        ? { container: containerID, interface: ifname, pod: view?.pod }
        : { keptFor: parked, lentTo },
    ),
    life,
    ...(time !== undefined && { since: isoTime(time), age: ageOf(time) }),
  }
}
