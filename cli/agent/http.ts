/** Serves metrics and the agent's health by HTTP, on a socket of this host. Requests and connections are bounded. */

import { chmodSync, lstatSync, rmSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, isIP } from 'node:net'
import { CniError, Code } from '../../shared/error/error.ts'
import { misuse } from '../form/arguments.ts'

/** Where it listens. */
export type Place = { path: string } | { host: string; port: number }

export interface Pages {
  metrics(): string
  /** What is not well; empty when all is. */
  troubles(): string[]
}

/** @param text `unix:/PATH` or `ADDRESS:PORT` @throws CniError as `misuse` */
export function placeOf(text: string): Place {
  const path = /^unix:(\/.{1,106})$/.exec(text)?.[1]
  if (path) return { path }
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  if (isIP(host) === (bracketed ? 6 : 4) && Number(port) <= 65_535) return { host, port: Number(port) }
  throw misuse(
    `--metrics ${JSON.stringify(text.slice(0, 100))}: write unix:/PATH, 127.0.0.1:PORT or [::1]:PORT`,
  )
}

const limits = {
  maxHeaderSize: 4096,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 1_000,
  connectionsCheckingInterval: 1_000,
}
const MOST_CONNECTIONS = 16

/** A client that does not read its answer for so long is cut off, milliseconds. */
const LONGEST_SILENCE = 5_000

/** @returns the listening server @throws the system's error, or one that says that something else is in the socket's place */
export async function serve(place: Place, pages: Pages, silence = LONGEST_SILENCE): Promise<Server> {
  const server = createServer(limits, answerBy(pages))
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = silence
  if ('path' in place) await removeSocket(place.path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    listen(server, place, resolve)
  })
  if ('path' in place) chmodSync(place.path, 0o600)
  // Without a listener an error of a later connection would end the process.
  server.on('error', () => {})
  return server
}

/** A socket is made with mode 0600. */
function listen(server: Server, place: Place, listening: () => void): void {
  if (!('path' in place)) return void server.listen(place, listening)
  const before = process.umask(0o177)
  try {
    server.listen(place, listening)
  } finally {
    process.umask(before)
  }
}

/** Removes a socket that a killed agent has left: no process answers there. @throws CniError for another program's, and for what is no socket */
async function removeSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) throw taken(`${path} is there, and is no socket`)
  if (!(await isLeft(path))) throw taken(`another program listens at ${path}`)
  rmSync(path, { force: true })
}

function taken(msg: string): CniError {
  return new CniError(Code.IoFailure, { msg, hint: 'name another path with --metrics' })
}

/** Whether no program has the socket open. One that is busy, or has another kind of socket, has other errors. */
function isLeft(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}

/** Ends at once, also for connections that are open. */
export function close(server: Server): void {
  server.close()
  server.closeAllConnections()
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

function answerBy(pages: Pages): RequestListener {
  const routes: Record<string, (response: ServerResponse) => void> = {
    '/metrics': (response) => respond(response, 200, pages.metrics()),
    '/healthz': (response) => respond(response, 200, 'ok'),
    '/readyz': (response) => {
      const troubles = pages.troubles()
      respond(response, troubles.length > 0 ? 503 : 200, troubles.join('\n') || 'ok')
    },
  }
  return (request, response) => {
    if (hasBody(request)) return refuse(response, 413)
    if (request.method !== 'GET') return refuse(response, 405)
    const route = Object.hasOwn(routes, request.url ?? '') ? routes[request.url ?? ''] : undefined
    if (!route) return refuse(response, 404)
    try {
      route(response)
    } catch (error) {
      respond(response, 500, String(error))
    }
  }
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** No more is read from the connection. */
function refuse(response: ServerResponse, status: number): void {
  response.setHeader('Connection', 'close')
  respond(response, status, 'there are /metrics, /healthz and /readyz, by GET')
}

function respond(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': TEXT }).end(`${text}\n`)
}
