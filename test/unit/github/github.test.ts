/** `.github`: GitHub can read each file, and what the files name exists. */

import { accessSync, constants, existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type * as z from 'zod/mini'
import packageJson from '../../../package.json' with { type: 'json' }
import { plainYaml } from '../../harness/plain-yaml.ts'
import { test } from '../../harness/test.ts'
import { dependabot, issueConfig, issueForm, workflow } from './forms.ts'

const root = join(import.meta.dirname, '../../..')
const files = globSync('.github/**/*.{yml,md}', { cwd: root }).sort()
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')

const shapes: Record<string, z.ZodMiniType> = {
  '.github/ISSUE_TEMPLATE/bug.yml': issueForm,
  '.github/ISSUE_TEMPLATE/config.yml': issueConfig,
  '.github/ISSUE_TEMPLATE/feature.yml': issueForm,
  '.github/dependabot.yml': dependabot,
  '.github/workflows/ci.yml': workflow,
}

test('each file has the keys that GitHub knows', () => {
  assert.equal(
    files.filter((file) => file.endsWith('.yml')),
    Object.keys(shapes).sort(),
  )
  for (const [file, shape] of Object.entries(shapes))
    assert.is(shape.safeParse(plainYaml(textOf(file))).error?.message, undefined, file)
})

test('the workflow runs .ci/run, which can be executed, and nothing else', () => {
  const { jobs } = workflow.parse(plainYaml(textOf('.github/workflows/ci.yml')))
  const steps = Object.values(jobs).flatMap(({ steps }) => steps)
  assert.equal(
    steps.flatMap((step) => ('run' in step ? step.run : [])),
    ['sudo .ci/run'],
  )
  accessSync(join(root, '.ci/run'), constants.X_OK)
})

test('scripts and pages that the files name exist', () => {
  const texts = files.map(textOf).join('\n')
  const scripts = [...texts.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
  const pages = [...texts.matchAll(/[\w./-]+\.md\b/g)].map(([page]) => page)
  assert.ok(scripts.length > 1 && pages.length > 3)
  assert.equal(
    scripts.filter((name) => !(name in packageJson.scripts)),
    [],
  )
  assert.equal(
    pages.filter((page) => !existsSync(join(root, page))),
    [],
  )
})

test('the questions of a form have ids of their own', () => {
  for (const file of ['bug', 'feature']) {
    const { body } = issueForm.parse(plainYaml(textOf(`.github/ISSUE_TEMPLATE/${file}.yml`)))
    const ids = body.flatMap((part) => ('id' in part ? part.id : []))
    assert.is(new Set(ids).size, ids.length)
  }
})

test.run()
