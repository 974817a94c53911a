/** The kubelet's side of the Container Runtime Interface: pods without a kubelet. */

import { join } from 'node:path'
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { group } from './groups.ts'

/** A host port, as CRI has it. */
export interface PortMapping {
  protocol?: 'TCP' | 'UDP'
  hostPort: number
  containerPort: number
}

/** What a pod asks for. */
export interface PodRequest {
  name: string
  ports?: readonly PortMapping[]
  annotations?: Record<string, string>
  /** The runtime handler of containerd's configuration; by default the default one. */
  handler?: string
}

/** A pod that runs; `config` belongs to the requests of its containers, too. */
export interface Pod {
  id: string
  config: object
}

/** Whether the runtime says that it, and the network, are ready. */
export interface Condition {
  type: string
  status: boolean
  message: string
}

export interface Cri {
  run(pod: PodRequest): Promise<Pod>
  /** The pod's addresses, the first one first. */
  addresses(pod: Pod): Promise<string[]>
  isReady(pod: Pod): Promise<boolean>
  stop(pod: Pod): Promise<void>
  remove(pod: Pod): Promise<void>
  /** The ids of all pods. */
  list(): Promise<string[]>
  /** Creates and starts a container. @returns its id */
  start(pod: Pod, image: string, command: readonly string[]): Promise<string>
  /** Runs a command in a container. @returns its output @throws when it fails */
  exec(container: string, command: readonly string[]): Promise<string>
  conditions(): Promise<Condition[]>
  close(): void
}

type Answer = Record<string, unknown>
type Method = (request: object, options: object, done: (error: Error | null, answer: Answer) => void) => void

/** For one request. A busy machine is no failure. */
const LIMIT_SECONDS = 120

const options = { keepCase: false, defaults: true, enums: String, longs: Number }

const channel = {
  'grpc.default_authority': 'localhost',
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 100,
}

/** Connects to a runtime's socket. */
export function connect(socket: string): Cri {
  const client = clientOf(socket)
  const ask = (method: string, request: object) => asked(client[method] as unknown as Method, client, request)
  return {
    ...pods(ask),
    ...containers(ask),
    conditions: async () =>
      ((await ask('Status', {})) as { status: { conditions: Condition[] } }).status.conditions,
    close: () => client.close(),
  }
}

function clientOf(socket: string) {
  const definition = loadSync(join(import.meta.dirname, 'cri.proto'), options)
  const { v1 } = loadPackageDefinition(definition).runtime as GrpcObject
  const Service = (v1 as GrpcObject).RuntimeService as ServiceClientConstructor
  return new Service(`unix://${socket}`, credentials.createInsecure(), channel)
}

function asked(method: Method, client: object, request: object): Promise<Answer> {
  const deadline = Date.now() + LIMIT_SECONDS * 1000
  return new Promise((resolve, reject) => {
    method.call(client, request, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)))
  })
}

type Ask = (method: string, request: object) => Promise<Answer>

function pods(ask: Ask) {
  const status = async ({ id }: Pod) => {
    const answer = await ask('PodSandboxStatus', { podSandboxId: id })
    return answer.status as { state: string; network: { ip: string; additionalIps: { ip: string }[] } }
  }
  return {
    run: async (pod: PodRequest) => {
      const config = configOf(pod)
      const { podSandboxId } = await ask('RunPodSandbox', { config, runtimeHandler: pod.handler ?? '' })
      return { id: podSandboxId as string, config }
    },
    addresses: async (pod: Pod) => {
      const { network } = await status(pod)
      return [network.ip, ...network.additionalIps.map(({ ip }) => ip)]
    },
    isReady: async (pod: Pod) => (await status(pod)).state === 'SANDBOX_READY',
    stop: async ({ id }: Pod) => void (await ask('StopPodSandbox', { podSandboxId: id })),
    remove: async ({ id }: Pod) => void (await ask('RemovePodSandbox', { podSandboxId: id })),
    list: async () => ((await ask('ListPodSandbox', {})).items as { id: string }[]).map(({ id }) => id),
  }
}

function configOf({ name, ports = [], annotations = {} }: PodRequest): object {
  return {
    metadata: { name, uid: `uid-${name}`, namespace: 'default', attempt: 0 },
    hostname: name,
    logDirectory: '',
    dnsConfig: { servers: ['192.0.2.53'] },
    portMappings: ports.map((port) => ({ protocol: 'TCP', ...port })),
    annotations,
    linux: { cgroupParent: group() },
  }
}

function containers(ask: Ask) {
  return {
    start: async ({ id, config: sandboxConfig }: Pod, image: string, command: readonly string[]) => {
      const config = { metadata: { name: 'main', attempt: 0 }, image: { image }, command }
      const { containerId } = await ask('CreateContainer', { podSandboxId: id, config, sandboxConfig })
      await ask('StartContainer', { containerId })
      return containerId as string
    },
    exec: async (containerId: string, cmd: readonly string[]) => {
      const end = await ask('ExecSync', { containerId, cmd, timeout: LIMIT_SECONDS })
      if (end.exitCode !== 0) throw new Error(`${cmd.join(' ')}: status ${end.exitCode}: ${end.stderr}`)
      return String(end.stdout)
    },
  }
}
