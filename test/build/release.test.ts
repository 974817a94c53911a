/** `npm run release -- --dry-run`: an archive for each engine and processor, Debian packages, with checksums, an SBOM and notes. */
// slow: four builds and their archives

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import packageJson from '../../package.json' with { type: 'json' }
import { plugins } from '../../plugins/registry.ts'
import { architectures, debian, engines } from '../../scripts/build/target.ts'
import { bundled } from '../../scripts/release/shipped.ts'
import { test } from '../harness/test.ts'

const root = join(import.meta.dirname, '../..')
const out = await mkdtemp(join(root, '.cache/release-test-'))
const names = architectures.flatMap((architecture) =>
  engines.map((engine) => `patchbay-${packageJson.version}-linux-${architecture}-${engine}`),
)
const packages = architectures.map((name) => `patchbay_${packageJson.version}-1_${debian[name]}.deb`)

test.before(async () => {
  await execa(process.execPath, ['scripts/release/main.ts', '--dry-run', '--out', out], { cwd: root })
})

test.after(() => rm(out, { recursive: true }))

test('the checksums are those of every archive, every package and of the SBOM', async () => {
  const { stdout } = await execa('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out })
  const checked = [
    `patchbay-${packageJson.version}.cdx.json`,
    ...names.map((name) => `${name}.tar.gz`),
    ...packages,
  ]
  assert.equal(stdout.split('\n').sort(), checked.map((name) => `${name}: OK`).sort())
})

for (const name of names)
  test(`${name} has every plugin, examples, schemas and licences`, async () => {
    const { stdout } = await execa('tar', ['--list', '--file', join(out, `${name}.tar.gz`)])
    const entries = new Set(stdout.split('\n'))
    const expected = [
      'LICENSE',
      'README.md',
      ...['patchbay', ...Object.keys(plugins)].map((it) => `bin/${it}`),
    ]
    for (const entry of expected) assert.ok(entries.has(`${name}/${entry}`), entry)
    for (const folder of ['conf-examples', 'schemas', 'licenses'])
      assert.ok(
        [...entries].some((entry) => entry.startsWith(`${name}/${folder}/`)),
        folder,
      )
  })

test('the SBOM lists the packages that are in the executables, and the notes say what is new', async () => {
  const { bomFormat, components } = JSON.parse(
    await readFile(join(out, `patchbay-${packageJson.version}.cdx.json`), 'utf8'),
  )
  assert.is(bomFormat, 'CycloneDX')
  const listed = components.map(({ purl }: { purl: string }) => purl)
  for (const name of bundled)
    assert.ok(
      listed.some((purl: string) => purl.startsWith(`pkg:npm/${name.replace('@', '%40')}@`)),
      name,
    )
  assert.match(await readFile(join(out, 'NOTES.md'), 'utf8'), /\w/)
})

for (const architecture of architectures)
  test(`the Debian package for ${debian[architecture]} has the archive's executable`, async () => {
    const file = join(out, `patchbay_${packageJson.version}-1_${debian[architecture]}.deb`)
    const { stdout } = await execa('dpkg-deb', ['--field', file, 'Architecture'])
    assert.is(stdout, debian[architecture])
    const name = `patchbay-${packageJson.version}-linux-${architecture}-quickjs`
    const inArchive = `tar --extract --to-stdout --file ${out}/${name}.tar.gz ${name}/bin/patchbay`
    const inPackage = `dpkg-deb --fsys-tarfile ${file} | tar --extract --to-stdout --file - ./usr/lib/patchbay/patchbay`
    assert.is(
      (await execa('sh', ['-c', `${inArchive} > ${out}/one; ${inPackage} | cmp - ${out}/one`])).stdout,
      '',
    )
  })

test.run()
