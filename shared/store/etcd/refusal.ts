/** What etcd's errors mean: a refusal, which another member would repeat, or an answer that is missing. */

import { status } from '@grpc/grpc-js'
import { CniError, Code, type Complaint } from '../../error/error.ts'

/** A refusal as a sentence. */
interface Refusal extends Pick<Complaint, 'hint' | 'see'> {
  /** What etcd says contains it. */
  says: string
  code: Code
  /** @param keys what was asked for */
  msg: (keys: string) => string
}

const { TryAgainLater, Internal } = Code
const ofUser = "the role's definition is in docs/cluster.md"

/** So says gRPC of an answer. */
const tooLong = 'message larger than max'

const refusals: readonly Refusal[] = [
  {
    says: 'permission denied',
    code: TryAgainLater,
    msg: (keys) => `etcd refuses: this host's user may not use ${keys}`,
    hint: `the user is the common name of \`cert\`; it needs a role with readwrite for the prefix, which \`prefix\` in the store's settings must equal: ${ofUser}`,
    see: 'etcdctl user get NAME --detail',
  },
  {
    says: 'user name is empty',
    code: TryAgainLater,
    msg: () => 'etcd refuses: it demands a user, and this host has no client certificate that names one',
    hint: `set \`cert\` and \`key\`; etcd needs --client-cert-auth: ${ofUser}`,
  },
  {
    says: 'authentication failed',
    code: TryAgainLater,
    msg: () => "etcd refuses: authentication failed for this host's user",
    hint: `the user is the common name of \`cert\`: ${ofUser}`,
  },
  {
    says: 'invalid auth token',
    code: TryAgainLater,
    msg: () => "etcd refuses: it does not accept this host's user",
    hint: `the user is the common name of \`cert\`: ${ofUser}`,
  },
  ...['database space exceeded', 'etcdserver: no space'].map((says) => ({
    says,
    code: TryAgainLater,
    msg: () => 'etcd refuses all writes: its quota of disk space is used up (alarm NOSPACE)',
    hint: 'compact and defragment it, then disarm the alarm: etcdctl compact REVISION, etcdctl defrag --cluster, etcdctl alarm disarm',
    see: 'etcdctl alarm list; etcdctl endpoint status --cluster -w table',
  })),
  {
    says: 'corrupt',
    code: TryAgainLater,
    msg: () => 'etcd refuses: it says that its data is corrupt (alarm CORRUPT)',
    hint: "replace the member, or restore a backup: etcd's manual, disaster recovery",
    see: 'etcdctl alarm list',
  },
  {
    says: 'request is too large',
    code: Internal,
    msg: (keys) => `etcd refuses: the value of ${keys} is too large for it (--max-request-bytes)`,
    hint: 'a pool with fewer ranges and exclusions needs less',
  },
  {
    says: tooLong,
    code: Internal,
    msg: (keys) => `etcd has too much: the answer with ${keys} is larger than 16 MB`,
    hint: 'another program has written below `prefix`; look for long values: etcdctl get --prefix',
  },
]

/** The error of gRPC as data; undefined for another value. */
function serviceError(error: unknown): { code: number; details: string } | undefined {
  const { code, details } = (error ?? {}) as { code?: unknown; details?: unknown }
  return typeof code === 'number' && typeof details === 'string' ? { code, details } : undefined
}

/** Codes with which etcd refuses what another member would refuse, too. */
const refusing: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.DATA_LOSS,
]

/** With these etcd says that it has not begun with a request. */
const undone = /no leader|not capable|too many requests|not supported for learner/

/**
 * The error for the caller; undefined where the member did not answer.
 * @param keys what was asked for, for the sentence
 */
export function refusalOf(error: unknown, keys = 'the keys of the store'): CniError | undefined {
  if (error instanceof CniError) return error
  const found = serviceError(error)
  if (!found || !refusing.includes(found.code) || undone.test(found.details)) return undefined
  return sentence(found.details, keys) ?? unknown(found.details)
}

/** The sentence for what etcd says. */
export function sentence(details: string, keys: string): CniError | undefined {
  const refusal = refusals.find(({ says }) => details.includes(says))
  if (!refusal) return undefined
  const { code, msg, hint, see } = refusal
  return new CniError(code, { msg: msg(keys), hint, see })
}

function unknown(details: string): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `etcd refuses: ${withoutName(details).slice(0, 150)}`,
    hint: "is the endpoint of the store etcd, version 3.4 or newer? etcd's log says more",
    see: 'etcdctl endpoint status',
  })
}

/** Whether a request with this error was surely not done. */
export function isUndone(error: unknown): boolean {
  return undone.test(serviceError(error)?.details ?? '')
}

/** Whether an answer was longer than we take. */
export function isTooLong(error: unknown): boolean {
  return serviceError(error)?.details.includes(tooLong) ?? false
}

/** The sentence of an error that is no refusal. */
export function reasonOf(error: unknown): string {
  const found = serviceError(error)
  if (!found) return (error as Error).message
  return found.code === status.DEADLINE_EXCEEDED ? 'no answer in time' : withoutName(found.details)
}

function withoutName(details: string): string {
  return details.replace(/^etcdserver: /, '')
}
