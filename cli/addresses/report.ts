/** The report of `patchbay ipam check`: what `patchbay ipam release --from` may release, and nothing else. */

import * as z from 'zod/mini'
import { jsonIn } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import { writeFile } from '../../shared/kernel/durable.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { isoTime } from '../form/age.ts'
import type { Holder } from './stores.ts'

/** A leaked address: its file, and the holder that the file had. */
export interface Leaked {
  directory: string
  network: string
  address: string
  container: string
  interface?: string
  /** When the file was written, nanoseconds since the epoch: an address that was given again has another time. */
  written: string
}

const report = () =>
  z.object({
    version: z.literal(1),
    made: z.string(),
    leaked: z.array(
      z.object({
        directory: z.string(),
        network: z.string(),
        address: z.string(),
        container: z.string(),
        interface: z.optional(z.string()),
        written: z.string(),
      }),
    ),
  })

export function toLeaked({ directory, network, file, containerID, ifname, written }: Holder): Leaked {
  return {
    ...{ directory, network, address: file, container: containerID },
    ...(ifname !== undefined && { interface: ifname }),
    written,
  }
}

/** Writes a report atomically, for root alone. @throws KernelError */
export function writeReport(file: string, leaked: readonly Leaked[]): void {
  const text = JSON.stringify({ version: 1, made: isoTime(wallClock()), leaked }, null, 2)
  writeFile(file, `${text}\n`)
}

/** The leaked addresses of a report. @throws CniError, KernelError */
export function readReport(file: string): Leaked[] {
  const { data } = z.safeParse(report(), jsonIn(readRegular(file)))
  if (data) return data.leaked
  throw new CniError(Code.DecodingFailure, {
    msg: 'it is no report of patchbay ipam check',
    hint: 'make one: patchbay ipam check --report /tmp/report.json',
    path: file,
  })
}
