/** A container image without a registry: an archive as `docker save` makes it, of one layer with busybox. */

import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { command } from '../../harness/command.ts'

/** Docker's and Go's names of processors. */
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

export interface Image {
  /** Its name: `patchbay.test/busybox:1`. */
  reference: string
  /** What a container of it runs when nothing else is said. */
  command: readonly string[]
  /** The path of a busybox that needs no library. */
  busybox: string
}

/** Writes the archive; `ctr images import`, `podman load` and the like take it. */
export function writeImage(file: string, image: Image): void {
  const work = mkdtempSync(`${file}-`)
  try {
    layer(work, image.busybox)
    describe(work, image)
    tar(`${file}.new`, work, 'manifest.json', 'config.json', 'layer.tar')
    renameSync(`${file}.new`, file)
  } finally {
    rmSync(work, { recursive: true })
  }
}

function layer(work: string, busybox: string): void {
  const tree = join(work, 'tree')
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'www'])
    mkdirSync(join(tree, name), { recursive: true })
  copyFileSync(busybox, join(tree, 'bin/busybox'))
  const applets = command(busybox, '--list').trim().split('\n')
  for (const name of applets.filter((name) => name !== 'busybox'))
    symlinkSync('busybox', join(tree, 'bin', name))
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\n')
  tar(join(work, 'layer.tar'), tree, '.')
}

function describe(work: string, { reference, command }: Image): void {
  const digest = createHash('sha256')
    .update(readFileSync(join(work, 'layer.tar')))
    .digest('hex')
  const config = {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: command },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  }
  const manifest = [{ Config: 'config.json', RepoTags: [reference], Layers: ['layer.tar'] }]
  writeFileSync(join(work, 'config.json'), JSON.stringify(config))
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest))
}

function tar(file: string, directory: string, ...names: string[]): void {
  const options = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  command('tar', '--create', ...options, '--file', file, '--directory', directory, ...names)
}
