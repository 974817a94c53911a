/** The addresses of a network that are lent to other hosts: what may have to be taken back. */

import { silent } from '../../../shared/error/log.ts'
import { borrowerOf, lentTo } from '../../../shared/ipam/host-local/holder-kind.ts'
import { looking } from '../../../shared/ipam/host-local/open.ts'
import { readRecord } from '../../../shared/ipam/host-local/records.ts'
import { filesOf } from '../../../shared/ipam/host-local/store.ts'
import { stat } from '../../../shared/kernel/stat.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import type { Reserving } from '../../../shared/store/protocol.ts'

/** By the index, so that no other record is read. @throws KernelError */
export function lentIn({ dataDir, network }: Pick<Holdings, 'dataDir' | 'network'>): Reserving[] {
  const directory = `${dataDir}/${network}`
  if (!stat(directory)) return []
  return looking(directory, silent, (store) =>
    store.index
      .names(lentTo(''))
      .flatMap((name) => filesOf(store, name))
      .flatMap((file) => readRecord(directory, file) ?? [])
      .flatMap((record) => {
        const host = borrowerOf(record)
        return host === undefined ? [] : [{ dataDir, network, address: record.file, host }]
      }),
  )
}
