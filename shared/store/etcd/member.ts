/** One member of etcd: a gRPC channel that is made when it is needed, and made anew after a failure. */

import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  connectivityState,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
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

/** Nothing of the environment or of DNS changes where the requests go. */
const options = {
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.keepalive_time_ms': KEEPALIVE_MILLISECONDS,
  'grpc.keepalive_timeout_ms': ANSWER_MILLISECONDS,
  'grpc.max_receive_message_length': -1,
}

/** No connection with a member could be made: nothing was sent. */
export class Unreached extends Error {}

export type Stream<Response> = ClientDuplexStream<object, Response>

export interface Member {
  endpoint: string
  /** Makes a connection if there is none. @throws Unreached */
  reach(): Promise<void>
  /** Only after `reach`. @throws ServiceError of gRPC */
  ask<Response>(method: Method, request: object, milliseconds?: number): Promise<Response>
  /** Only after `reach`. */
  stream<Response>(method: Method): Stream<Response>
  close(): void
}

/** @param endpoint a URL, as the configuration has it */
export function member(endpoint: string, credentials: ChannelCredentials): Member {
  let client: Client | undefined
  const close = () => {
    client?.close()
    client = undefined
  }
  const opened = () => {
    client ??= new Client(addressOf(endpoint), credentials, options)
    return client
  }
  return {
    endpoint,
    close,
    async reach() {
      if (await isReady(opened())) return
      close()
      throw new Unreached('no connection')
    },
    ask: (method, request, milliseconds = REQUEST_MILLISECONDS) =>
      unary(opened(), method, request, milliseconds),
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

/** `192.0.2.1:2379` of `https://192.0.2.1:2379/`; etcd's port where none is given. */
export function addressOf(endpoint: string): string {
  const address = endpoint.replace(/^https?:\/\//, '').replace(/\/$/, '')
  return /:\d+$/.test(address) ? address : `${address}:2379`
}

/** Connects. @returns false when that failed, or was not done in time */
async function isReady(client: Client): Promise<boolean> {
  const deadline = Date.now() + CONNECT_MILLISECONDS
  const channel = client.getChannel()
  for (;;) {
    const state = channel.getConnectivityState(true)
    if (state === connectivityState.READY) return true
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return false
    const isChanged = await new Promise<boolean>((resolve) =>
      channel.watchConnectivityState(state, deadline, (error) => resolve(!error)),
    )
    if (!isChanged) return false
  }
}

function unary<Response>(
  client: Client,
  { path, request, response }: Method,
  message: object,
  milliseconds: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<object, Response>(
      path,
      (value) => encode(request, value),
      (bytes) => decode(response, bytes),
      message,
      { deadline: Date.now() + milliseconds },
      (error: ServiceError | null, answer?: Response) =>
        error ? reject(error) : resolve(answer as Response),
    )
  })
}
