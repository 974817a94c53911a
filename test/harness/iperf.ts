/** Throughput by iperf3, as the receiver has counted it: bytes by the time that iperf3 reports. */

import { execa } from 'execa'
import { command } from './command.ts'
import type { Netns } from './host.ts'
import { until } from './until.ts'

/** A flow between two namespaces. */
export interface Flow {
  from: Netns
  to: Netns
  /** The receiver's address. */
  address: string
  /** Datagrams at a rate in bits per second, in place of TCP. */
  udp?: number
  seconds?: number
}

/** What arrived, in bits per second. */
export interface Throughput {
  all: number
  firstSecond: number
}

const port = 5201

/** A program that hangs fails its test. */
const ending = { timeout: 60_000, killSignal: 'SIGKILL', cleanup: true } as const

interface Report {
  intervals: { sum: { bytes: number; seconds: number } }[]
  error?: string
}

/** Sends for some seconds, and returns what the receiver got. @throws when iperf3 fails */
export async function throughput({ from, to, address, udp, seconds = 3 }: Flow): Promise<Throughput> {
  const server = execa('ip', ['netns', 'exec', to.name, 'iperf3', '-s', '-1', '-J'], ending)
  await until('iperf3 listens', () => listens(to))
  const protocol = udp ? ['-u', '-b', String(udp), '-l', '1400'] : []
  const client = ['iperf3', '--connect-timeout', '10000', '-c', address, '-t', String(seconds), ...protocol]
  const sent = await execa('ip', ['netns', 'exec', from.name, ...client], { ...ending, reject: false })
  if (sent.failed) server.kill('SIGKILL')
  if (sent.failed) throw new Error(`iperf3: ${sent.stderr || sent.message}`)
  const { intervals, error }: Report = JSON.parse((await server).stdout)
  if (error) throw new Error(`iperf3: ${error}`)
  return { all: rateOf(intervals), firstSecond: rateOf(intervals.slice(0, 1)) }
}

function listens({ name }: Netns): boolean {
  return command('ip', 'netns', 'exec', name, 'ss', '-Hltn', `sport = :${port}`) !== ''
}

function rateOf(intervals: Report['intervals']): number {
  const sum = (key: 'bytes' | 'seconds') => intervals.reduce((total, { sum }) => total + sum[key], 0)
  return (8 * sum('bytes')) / sum('seconds')
}
