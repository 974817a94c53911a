/** Errors on a terminal: the message in the first line, and below it one line for each further fact, such as the hint. */

import { type Complaint, linesOf, shortened } from '../../shared/error/error.ts'
import { plain } from '../../shared/error/log.ts'

/** @param where the file or command that the complaint is about */
export function block(where: string, complaint: Complaint): string {
  // A quoted excerpt of a configuration has a caret below it: its lines stay lines.
  const facts = linesOf(complaint).flatMap((fact) => fact.split('\n').map((line) => `  ${plain(line)}`))
  return [`${plain(shortened(where, 300))}: ${plain(shortened(complaint.msg))}`, ...facts].join('\n')
}
