/** npm's netlink package as the build rewrites it, against the original. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import * as packaged from 'netlink/dist/rt/ifla.js'
import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { netlinkModules } from '../../../scripts/build/netlink-modules.ts'
import { test } from '../../harness/test.ts'

const directory = mkdtempSync(join(tmpdir(), 'patchbay-netlink-'))
const built = await asBuilt()

async function asBuilt(): Promise<typeof packaged> {
  const outfile = join(directory, 'ifla.mjs')
  const entryPoints = [createRequire(import.meta.url).resolve('netlink/dist/rt/ifla.js')]
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [netlinkModules],
  })
  return import(outfile)
}

function bytes(data: StreamData): Buffer {
  const stream = new AttrStream()
  stream.emit(data)
  return Buffer.concat(stream.bufs)
}

/** Attributes of every sort: text, numbers, bytes, nested ones, lists. */
const attrs: packaged.LinkAttrs = {
  txqlen: 5,
  ifname: 'eth0',
  mtu: undefined,
  address: Buffer.from([2, 0, 0, 0, 0, 1]),
  linkNetnsid: -1,
  vfinfoList: { x: [{ mac: Buffer.from([1, 2]) }, {}] },
  xdp: { fd: Buffer.from([3, 0, 0, 0]), attached: 'DRV' },
  afSpec: new Map([[10, Buffer.from([1, 2, 3, 4])]]),
}

test('a built codec encodes as the package does, in the same order', () => {
  assert.equal(bytes(built.formatLinkAttrs(attrs)), bytes(packaged.formatLinkAttrs(attrs)))
})

test('a built codec decodes as the package does, and ignores unknown attributes', () => {
  const message = Buffer.concat([bytes(packaged.formatLinkAttrs(attrs)), Buffer.from([4, 0, 0xff, 0x3f])])
  assert.equal(built.parseLinkAttrs(message), packaged.parseLinkAttrs(message))
  assert.is(built.parseLinkAttrs(message).ifname, 'eth0')
})

test('a built codec refuses what the package refuses: unknown keys, an unexpected byte order', () => {
  const bigEndian = Buffer.from([8, 0, 4, 0x40, 0, 0, 5, 220])
  for (const { formatLinkAttrs, parseLinkAttrs } of [built, packaged]) {
    assert.throws(() => bytes(formatLinkAttrs({ mut: 1500 } as packaged.LinkAttrs)), 'Unknown key "mut"')
    assert.throws(() => parseLinkAttrs(bigEndian), 'Unexpected attribute with NO set')
  }
})

test.after(() => rmSync(directory, { recursive: true }))

test.run()
