/** containerd with the CRI alone, and the one request by which the kubelet tells it the node's subnets. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { unpackPackages } from '../../../scripts/debian.ts'
import { until } from '../../harness/until.ts'

const cache = join(import.meta.dirname, '../../../.cache')
const home = join(cache, 'containerd-trixie')

/** Fetches Debian's containerd 1.7 once: it needs a network. */
export async function fetchContainerd(): Promise<void> {
  await mkdir(cache, { recursive: true })
  if (!existsSync(home)) await unpackPackages('trixie', async () => ['containerd'], home)
}

/** Starts containerd on a private host, with files below a directory. */
export async function startContainerd(directory: string, template: string): Promise<ChildProcess> {
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'config.toml'),
    `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/socket"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${directory}/bin"
  conf_dir = "${directory}/net.d"
  conf_template = "${template}"
`,
  )
  const log = openSync(join(directory, 'log'), 'a')
  const program = join(home, 'usr/bin/containerd')
  const child = spawn(program, ['--config', join(directory, 'config.toml')], { stdio: ['ignore', log, log] })
  closeSync(log)
  await until('containerd listens', () => {
    if (child.exitCode !== null) throw new Error(readFileSync(join(directory, 'log'), 'utf8'))
    return existsSync(join(directory, 'socket'))
  })
  return child
}

/** Ends containerd and waits for it. */
export async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/**
 * Calls UpdateRuntimeConfig of runtime.v1.RuntimeService, as the kubelet does.
 * @param podCidr the node's subnets, with commas between them
 * @returns the status of gRPC: 0 is success
 */
export async function tellSubnets(socket: string, podCidr: string): Promise<number> {
  const session = connect('http://localhost', { createConnection: () => connectSocket(socket) })
  const stream = session.request({
    ':method': 'POST',
    ':path': '/runtime.v1.RuntimeService/UpdateRuntimeConfig',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  // UpdateRuntimeConfigRequest has a RuntimeConfig, that a NetworkConfig, and that the subnets: each is field 1.
  const message = field(field(field(Buffer.from(podCidr))))
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]))
  stream.resume()
  try {
    return await statusOf(stream)
  } finally {
    session.close()
  }
}

/** Field 1 of a protobuf message, with fewer than 128 bytes. */
function field(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0a, value.length]), value])
}

/** The status is in the trailers, or in the headers when there is no answer. */
function statusOf(stream: NodeJS.EventEmitter): Promise<number> {
  return new Promise((resolve, reject) => {
    const look = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']))
    }
    stream.on('response', look).on('trailers', look).on('error', reject)
  })
}
