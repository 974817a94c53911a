/**
 * Makes a release: `npm run release [-- --dry-run] [--out DIR]`. The tag is made in this repository only; the commands that
 * publish are printed. A dry run makes the same files of any commit, and no tag.
 */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }
import { run } from '../run.ts'
import { reportMissing } from '../setup.ts'
import { checksums } from './checksums.ts'
import { objections, sectionOf } from './ready.ts'
import { type Repository, repository } from './repository.ts'
import { sbom } from './sbom.ts'
import { makeArchives } from './tarballs.ts'

const root = join(import.meta.dirname, '../..')
const { version } = packageJson
const tag = `v${version}`

const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    out: { type: 'string', default: 'dist/release' },
  },
})

await reportMissing(async () => {
  const out = resolve(values.out)
  const changelog = await readFile(join(root, 'CHANGELOG.md'), 'utf8')
  const state = await repository(tag)
  const reasons = objections({ ...state, tag, version, changelog })
  for (const reason of reasons) console.error(`no release: ${reason}`)
  if (reasons.length > 0 && !values['dry-run']) {
    process.exitCode = 1
    return
  }
  const notes = sectionOf(changelog, version) ?? sectionOf(changelog, 'Unreleased') ?? ''
  await writeFiles(out, notes, state)
  if (!values['dry-run']) await makeTag(out, state.tagged)
})

/** All files get the time of the commit. */
async function writeFiles(out: string, notes: string, { seconds, committer }: Repository): Promise<void> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  await writeFile(join(out, 'NOTES.md'), notes)
  const list = `patchbay-${version}.cdx.json`
  await writeFile(join(out, list), await sbom(seconds))
  const files = [list, ...(await makeArchives(out, version, seconds, committer))]
  await writeFile(join(out, 'SHA256SUMS'), await checksums(out, files))
  for (const file of [...files, 'SHA256SUMS', 'NOTES.md']) console.log(join(out, file))
}

/** Makes the annotated tag, unless this commit has it, and prints how to publish. */
async function makeTag(out: string, tagged: string | undefined): Promise<void> {
  if (!tagged) await run('git', ['tag', '--annotate', tag, '--message', `Patchbay ${version}`], { cwd: root })
  console.log(`
The tag ${tag} is in this repository only. To publish:
  git push origin ${tag}
  gh release create ${tag} --verify-tag --title 'Patchbay ${version}' --notes-file ${out}/NOTES.md \\
    ${out}/*.tar.gz ${out}/*.deb ${out}/*.cdx.json ${out}/SHA256SUMS`)
}
