import * as assert from 'uvu/assert'
import { objections, sectionOf } from '../../../scripts/release/ready.ts'
import { test } from '../../harness/test.ts'

const changelog = '# Changelog\n\nIntroduction.\n\n## 1.2.0 (2030-01-02)\n\n- New.\n\n## 1.1.0\n\n- Old.\n'

const ready = {
  changes: '',
  head: 'abc',
  tagged: undefined,
  committer: 'A <a@b.example>',
  seconds: 0,
  version: '1.2.0',
  tag: 'v1.2.0',
  changelog,
}

test('a clean tree whose changelog begins with the version is ready; so is one that has the tag', () => {
  assert.equal(objections(ready), [])
  assert.equal(objections({ ...ready, tagged: 'abc' }), [])
})

test('a changed tree, another version in the changelog, and the tag on another commit are each refused', () => {
  assert.match(objections({ ...ready, changes: ' M a.ts' })[0] ?? '', /tree differs.*\n M a\.ts/)
  assert.match(objections({ ...ready, version: '1.1.0' })[0] ?? '', 'begins with “1.2.0 (2030-01-02)”')
  assert.match(objections({ ...ready, changelog: '## Unreleased\n' })[0] ?? '', 'begins with “Unreleased”')
  assert.match(objections({ ...ready, tagged: 'def' })[0] ?? '', 'v1.2.0 exists already, on the commit def')
})

test('the notes are the section of the version, whether its heading has a date or not', () => {
  assert.is(sectionOf(changelog, '1.2.0'), '- New.\n')
  assert.is(sectionOf(changelog, '1.1.0'), '- Old.\n')
  assert.is(sectionOf(changelog, '1.1'), undefined)
})

test.run()
