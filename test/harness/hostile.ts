/** Files that other programs write, with a content that a reader may break at: loops, FIFOs, no end, terminal escapes, paths that lead elsewhere. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { command } from './command.ts'
import { scratch } from './host.ts'

const cache = '/var/lib/cni/results'
const lists = '/etc/cni/net.d'
const podmanLists = '/etc/containers/networks'

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

/** Writes an entry of libcni's cache. */
export function entry(name: string, more: object, plugins: unknown = [{ type: 'bridge' }]): void {
  const config = base64({ cniVersion: '1.0.0', name: 'n', plugins })
  const whole = { kind: 'cniCacheV1', containerId: name, ifName: 'eth0', networkName: 'n', config, ...more }
  writeFileSync(`${cache}/${name}`, JSON.stringify(whole))
}

const list = (ipam: object) => ({ cniVersion: '1.0.0', name: 'z', plugins: [{ type: 'bridge', ipam }] })

/** By the folder that they are in, which must be there: makes files. */
export const hostileFiles: Record<string, () => void> = {
  'the caches': () => {
    mkdirSync(`${cache}/directory`)
    command('mkfifo', `${cache}/fifo`)
    symlinkSync('loop', `${cache}/loop`)
    symlinkSync('/dev/zero', `${cache}/zero`)
    writeFileSync(`${cache}/deep`, '['.repeat(100_000))
    writeFileSync(`${cache}/large`, 'x'.repeat(2_000_000))
    writeFileSync(`${cache}/\u001b[2Jname`, 'no')
    mkdirSync('/var/lib/cni/other')
    symlinkSync('results', '/var/lib/cni/other/results')
  },
  'entries of the cache': () => {
    symlinkSync('itself', `${scratch}/itself`)
    const paths = [
      `${scratch}/itself/x`,
      `/${'x/'.repeat(3000)}`,
      `/run/netns/${'x'.repeat(300)}`,
      '/run/netns/\0x',
    ]
    for (const [at, netns] of [...paths, '/run/netns/\u001b[31m\nattachments: 0 failed'].entries())
      entry(`path${at}`, { netns })
    entry('many', { netns: '/run/netns/none' }, Array(1000).fill({}))
    entry('no-list', { netns: '/run/netns/none' }, 7)
    entry('numbers', { netns: '/run/netns/none' }, [{ type: 7 }, { type: '../../../bin/sh' }])
  },
  'the lists': () => {
    mkdirSync(`${lists}/directory.conf`)
    command('mkfifo', `${lists}/fifo.conf`)
    symlinkSync('/dev/zero', `${lists}/zero.conf`)
    writeFileSync(
      `${lists}/odd.conflist`,
      JSON.stringify({ cniVersion: { a: [] }, name: 'odd', plugins: [{}] }),
    )
    const dataDirs = ['/', '/proc/self/fd', `/${'x'.repeat(300)}`, `${scratch}/itself`]
    for (const [at, dataDir] of dataDirs.entries())
      writeFileSync(`${lists}/${at}.conflist`, JSON.stringify(list({ type: 'host-local', dataDir })))
  },
  'podman’s networks': () => {
    mkdirSync(`${podmanLists}/directory.json`)
    command('mkfifo', `${podmanLists}/fifo.json`)
    writeFileSync(`${podmanLists}/list.json`, '[]')
  },
  'the addresses': () => {
    const odd = '/var/lib/cni/networks/odd'
    mkdirSync(odd, { recursive: true })
    writeFileSync(`${odd}/10.9.9.1`, '../../x\u001b[2J\r\neth0/../y\r\nz')
    writeFileSync(`${odd}/10.9.9.2`, '\0\0')
    command('mkfifo', `${odd}/10.9.9.3`)
    mkdirSync('/var/lib/cni/networks/results')
    writeFileSync('/var/lib/cni/networks/results/10.9.9.1', 'abc\r\neth0')
  },
}
