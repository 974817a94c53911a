/** The shapes of the files that GitHub reads: keys that it would ignore, or miss, are an error. */

import * as z from 'zod/mini'

const text = z.string().check(z.minLength(1))

const question = z.strictObject({
  type: z.enum(['input', 'textarea']),
  id: text,
  attributes: z.strictObject({
    label: text,
    description: text,
    placeholder: z.optional(text),
    render: z.optional(z.literal('json')),
  }),
  validations: z.optional(z.strictObject({ required: z.boolean() })),
})

const note = z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: text }) })

export const issueForm = z.strictObject({
  name: text,
  description: text,
  labels: z.array(text),
  body: z.array(z.discriminatedUnion('type', [note, question])),
})

export const issueConfig = z.strictObject({ blank_issues_enabled: z.boolean() })

const update = z.strictObject({
  'package-ecosystem': z.enum(['npm', 'github-actions']),
  directory: z.literal('/'),
  schedule: z.strictObject({ interval: z.enum(['daily', 'weekly', 'monthly']) }),
  groups: z.record(text, z.strictObject({ patterns: z.array(text) })),
})

export const dependabot = z.strictObject({ version: z.literal(2), updates: z.array(update) })

const job = z.strictObject({
  'runs-on': text,
  'timeout-minutes': z.number(),
  steps: z.array(z.union([z.strictObject({ uses: text }), z.strictObject({ run: text })])),
})

export const workflow = z.strictObject({
  name: text,
  on: z.array(z.enum(['push', 'pull_request'])),
  permissions: z.strictObject({ contents: z.literal('read') }),
  jobs: z.record(text, job),
})
