/** The hash that chooses a packet's member in mode loadbalance: a classic BPF program, which the kernel runs on each frame. */

export const hashPolicies = ['layer2', 'layer2+3', 'layer3+4'] as const

export type HashPolicy = (typeof hashPolicies)[number]

/** One instruction (struct sock_filter): code, operand, and how many instructions to skip if true and if false. */
type Instruction = [code: number, k: number, ifSo?: number, ifNot?: number]

/** include/uapi/linux/bpf_common.h: load from the frame into A, store A, return. */
const word = (at: number): Instruction => [0x20, at]
const half = (at: number): Instruction => [0x28, at]
const byte = (at: number): Instruction => [0x30, at]
const store: Instruction = [0x02, 0]
const clear: Instruction[] = [[0x00, 0], store]
const end: Instruction[] = [
  [0x60, 0],
  [0x16, 0],
]

/** Mixes the loaded value into the hash, which is in memory: `X = A; A = M[0]; A ^= X; M[0] = A`. */
function mix(...load: Instruction[]): Instruction[] {
  return [...load, [0x07, 0], [0x60, 0], [0xac, 0], store]
}

function mixWords(...offsets: number[]): Instruction[] {
  return offsets.flatMap((at) => mix(word(at)))
}

/** Runs the body only if the loaded value is one of some values. */
function ifOneOf(load: Instruction, values: number[], body: Instruction[]): Instruction[] {
  const tests = values.map((value, index): Instruction => {
    const left = values.length - 1 - index
    return [0x15, value, left, left === 0 ? body.length : 0]
  })
  return [load, ...tests, ...body]
}

/** Runs the body only if the packet is no fragment (RFC 791: MF and offset are zero), because only the first fragment has ports. */
function ifWhole(body: Instruction[]): Instruction[] {
  return [half(20), [0x45, 0x3fff, body.length, 0], ...body]
}

/** TCP, UDP, SCTP: both ports are the first word. */
const withPorts = [6, 17, 132]
/** The ports follow the IPv4 header, whose length is in its first byte: `X = 4 * (P[14] & 15); A = P[X + 14]`. */
const ipv4Ports = ifOneOf(byte(23), withPorts, mix([0xb1, 14], [0x40, 14]))
const ipv6Ports = ifOneOf(byte(20), withPorts, mixWords(54))

const macs = mixWords(2, 8)
const [IPV4, IPV6] = [0x0800, 0x86dd]

/** The addresses of a frame without a VLAN tag (the kernel keeps it outside of the frame), and further fields. */
function addresses(
  more: { ipv4: Instruction[]; ipv6: Instruction[] } = { ipv4: [], ipv6: [] },
): Instruction[] {
  const ipv4 = [...mixWords(26, 30), ...more.ipv4]
  const ipv6 = [...mixWords(22, 26, 30, 34, 38, 42, 46, 50), ...more.ipv6]
  return [...ifOneOf(half(12), [IPV4], ipv4), ...ifOneOf(half(12), [IPV6], ipv6)]
}

const bodies: Record<HashPolicy, Instruction[]> = {
  layer2: macs,
  'layer2+3': [...macs, ...addresses()],
  'layer3+4': [...macs, ...addresses({ ipv4: ifWhole(ipv4Ports), ipv6: ipv6Ports })],
}

/** The program of a policy, as an array of struct sock_filter. */
export function hashProgram(policy: HashPolicy): Buffer {
  return Buffer.concat([...clear, ...bodies[policy], ...end].map(encode))
}

function encode([code, k, ifSo = 0, ifNot = 0]: Instruction): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(code, 0)
  bytes[2] = ifSo
  bytes[3] = ifNot
  bytes.writeUInt32LE(k, 4)
  return bytes
}
