/** What etcd's errors mean: a refusal, which another member would repeat, or an answer that is missing. */

import { status } from '@grpc/grpc-js'
import { CniError, Code } from '../../error/error.ts'

/** The error of gRPC as data; undefined for another value. */
function serviceError(error: unknown): { code: number; details: string } | undefined {
  const { code, details } = (error ?? {}) as { code?: unknown; details?: unknown }
  return typeof code === 'number' && typeof details === 'string' ? { code, details } : undefined
}

/** Codes with which etcd refuses what another member would refuse, too. */
const refusals: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
]

/** The error for the caller; undefined where the member did not answer. */
export function refusalOf(error: unknown): CniError | undefined {
  if (error instanceof CniError) return error
  const found = serviceError(error)
  if (!found || !refusals.includes(found.code)) return undefined
  return new CniError(Code.TryAgainLater, { msg: `etcd refuses: ${found.details}` })
}

/** Errors with which etcd says that it has not begun a transaction. */
const undone = ['etcdserver: no leader', 'etcdserver: not capable']

/** Whether a transaction with this error was surely not done. */
export function isUndone(error: unknown): boolean {
  return undone.includes(serviceError(error)?.details ?? '')
}

/** The sentence of an error. */
export function reasonOf(error: unknown): string {
  return refusalOf(error)?.message ?? serviceError(error)?.details ?? (error as Error).message
}
