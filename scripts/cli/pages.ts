/** Generates docs/cli: a page for each verb, from its declaration and the shape of its answer, and the list of all. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toJSONSchema, type ZodType } from 'zod'
import { flagLine, flagsOf, synopsis, visible } from '../../cli/form/help.ts'
import type { Verb } from '../../cli/form/verb.ts'
import { verbs } from '../../cli/verbs.ts'
import { shapeTable } from './shape.ts'

const answers = join(import.meta.dirname, '../../cli/answers')

/** The pages by their paths from the root. */
export async function verbPages(): Promise<Map<string, string>> {
  const all = await visible(verbs)
  const pages = await Promise.all(
    all.map(async ([name, verb]) => [pathOf(name), await page(name, verb)] as const),
  )
  return new Map([['docs/cli/README.md', list(all)], ...pages])
}

const fileOf = (name: string) => name.replace(' ', '-')

const pathOf = (name: string) => `docs/cli/${fileOf(name)}.md`

function list(all: readonly (readonly [string, Verb])[]): string {
  const lines = all.map(([name, { summary }]) => `| [${name}](${fileOf(name)}.md) | ${escaped(summary)} |`)
  return `# The operator's command line

\`patchbay\` is the executable under its own name. \`patchbay VERB --help\` prints what these pages say; they are generated from the same
declarations (\`npm run docs\`), as are the manual page (\`man patchbay\`) and the [shell completion](completion.md).

| verb | |
|---|---|
${lines.join('\n')}

**Formats.** Verbs that tell something take \`-o table\`, \`-o json\` and \`-o yaml\`. The shape of the JSON is on the page of each verb. A text is as
wide as the terminal; \`NO_COLOR\` takes the colours away.

**Exit status.** 0: fine. 1: a failure, or something was found. 2: a wrong command line.

**Without root** a verb that only reads says on standard error what it could not see, and answers with the rest.
`
}

async function page(name: string, verb: Verb): Promise<string> {
  const rows = [
    ...(verb.words ?? []).map(({ name: word, means }) => [word, means]),
    ...Object.entries(flagsOf(verb)).map(([flag, one]) => [flagLine(flag, one), one.means]),
  ]
  return `${[
    `# patchbay ${name}`,
    sentence(verb.summary),
    `\`\`\`\n${synopsis(name, verb)}\n\`\`\``,
    ...(verb.text ?? []),
    [
      '| | |',
      '|---|---|',
      ...rows.map(([left = '', right = '']) => `| \`${left}\` | ${escaped(right)} |`),
    ].join('\n'),
    `**Example:** ${verb.example.does}\n\n\`\`\`sh\npatchbay ${verb.example.call}\n\`\`\``,
    ...(await answerOf(name, verb)),
  ].join('\n\n')}\n`
}

/** @throws an Error for a verb whose answer is not described */
async function answerOf(name: string, { answers: does }: Verb): Promise<string[]> {
  if (!does) return []
  const file = `${answers}/${fileOf(name)}.ts`
  if (!existsSync(file)) throw new Error(`${name} answers, but cli/answers has no ${fileOf(name)}.ts`)
  const { answer } = (await import(file)) as { answer: ZodType }
  return ['## JSON', shapeTable(toJSONSchema(answer, { unrepresentable: 'any' }))]
}

const sentence = (summary: string) => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`

const escaped = (text: string) => text.replaceAll('|', '\\|')
