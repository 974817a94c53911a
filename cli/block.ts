/** Errors on a terminal: the message in the first line, and below it one line for each further fact, such as the hint. */

import { type Complaint, linesOf } from '../shared/error/error.ts'

/** @param where the file or command that the complaint is about */
export function block(where: string, complaint: Complaint): string {
  return [`${where}: ${complaint.msg}`, ...linesOf(complaint).map((line) => `  ${line}`)].join('\n')
}
