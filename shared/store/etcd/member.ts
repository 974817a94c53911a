/** One member of etcd: a gRPC channel that is made when it is needed, and made anew after a failure. */

import { isIP } from 'node:net'
import {
  Client,
  type ClientDuplexStream,
  type ClientUnaryCall,
  connectivityState,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import { addressOf } from './address.ts'
import { credentialsOf, type Files } from './credentials.ts'
import { type Diagnosis, diagnose } from './diagnosis.ts'
import type { Method } from './methods.ts'
import { decode, encode } from './wire.ts'

/** For making a connection, and for each request. */
const CONNECT_MILLISECONDS = 3000
const REQUEST_MILLISECONDS = 5000

/**
 * A connection whose other end is cut off is closed after both together. etcd closes the connections of clients that ping more often than
 * each 5 s (`--grpc-keepalive-min-time`).
 */
const KEEPALIVE_MILLISECONDS = 6000
const ANSWER_MILLISECONDS = 4000

/** Of an answer. A page of a thousand of our keys has some 300 kB; what is longer is none of ours, and would fill the memory. */
const LONGEST_BYTES = 16 << 20

/** Nothing of the environment or of DNS changes where the requests go. */
const options = {
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.keepalive_time_ms': KEEPALIVE_MILLISECONDS,
  'grpc.keepalive_timeout_ms': ANSWER_MILLISECONDS,
  'grpc.max_receive_message_length': LONGEST_BYTES,
}

/** No connection with a member could be made: nothing was sent. */
export class Unreached extends Error {
  readonly diagnosis: Diagnosis

  constructor(diagnosis: Diagnosis) {
    super(diagnosis.reason)
    this.diagnosis = diagnosis
  }
}

export type Stream<Response> = ClientDuplexStream<object, Response>

export interface Member {
  endpoint: string
  /** Makes a connection if there is none. @throws Unreached, or CniError for a file of certificates */
  reach(): Promise<void>
  /** Only after `reach`. @throws ServiceError of gRPC */
  ask<Response>(method: Method, request: object, milliseconds?: number): Promise<Response>
  /** Only after `reach`. */
  stream<Response>(method: Method): Stream<Response>
  /** For good: what waits for an answer ends. */
  close(): void
}

/** @param endpoint a URL, as the configuration has it @param files are read for each connection */
export function member(endpoint: string, files: () => Files | undefined): Member {
  const address = addressOf(endpoint)
  let client: Client | undefined
  let isClosed = false
  const calls = new Set<ClientUnaryCall>()
  /** Others may have made a new one meanwhile: that one stays. */
  const drop = (failed: Client | undefined) => {
    failed?.close()
    if (client === failed) client = undefined
  }
  // TLS sends no addresses as the name of a server (RFC 6066, section 3); etcd does not look at it.
  const opened = () => {
    if (isClosed) throw new Unreached({ reason: 'the connection with the store was closed' })
    client ??= new Client(`${address.inBrackets}:${address.port}`, credentialsOf(files(), address.host), {
      ...options,
      ...(isIP(address.host) && { 'grpc.ssl_target_name_override': 'etcd' }),
    })
    return client
  }
  return {
    endpoint,
    close() {
      isClosed = true
      drop(client)
      for (const call of calls) call.cancel()
    },
    async reach() {
      const tried = opened()
      const outcome = await connected(tried)
      if (outcome === 'connected') return
      drop(tried)
      const late = { reason: 'no answer' }
      throw new Unreached(outcome === 'late' ? late : await diagnose(address, files()))
    },
    ask: (method, request, milliseconds = REQUEST_MILLISECONDS) =>
      unary(opened(), calls, method, request, milliseconds),
    stream: ({ path, request, response }) =>
      opened().makeBidiStreamRequest(
        path,
        (message: object) => encode(request, message),
        (bytes) => decode(response, bytes),
        leaderRequired(),
      ),
  }
}

/** etcd ends a watch when its member has lost the leader. */
function leaderRequired(): Metadata {
  const metadata = new Metadata()
  metadata.set('hasleader', 'true')
  return metadata
}

/** Connects. */
async function connected(client: Client): Promise<'connected' | 'failed' | 'late'> {
  const deadline = Date.now() + CONNECT_MILLISECONDS
  const channel = client.getChannel()
  for (;;) {
    const state = channel.getConnectivityState(true)
    if (state === connectivityState.READY) return 'connected'
    if (state === connectivityState.TRANSIENT_FAILURE) return 'failed'
    // Closed by another one that was late, or for good.
    if (state === connectivityState.SHUTDOWN) return 'late'
    const isChanged = await new Promise<boolean>((resolve) =>
      channel.watchConnectivityState(state, deadline, (error) => resolve(!error)),
    )
    if (!isChanged) return 'late'
  }
}

function unary<Response>(
  client: Client,
  calls: Set<ClientUnaryCall>,
  { path, request, response }: Method,
  message: object,
  milliseconds: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest<object, Response>(
      path,
      (value) => encode(request, value),
      (bytes) => decode(response, bytes),
      message,
      { deadline: Date.now() + milliseconds },
      (error: ServiceError | null, answer?: Response) => {
        calls.delete(call)
        if (error) reject(error)
        else resolve(answer as Response)
      },
    )
    calls.add(call)
  })
}
