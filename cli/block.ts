/** Errors on a terminal: what is wrong in the first line, and below it what to do, a line for each fact. */

import { type Complaint, linesOf } from '../shared/error/error.ts'

/** @param where the file or command that the complaint is about */
export function block(where: string, complaint: Complaint): string {
  return [`${where}: ${complaint.msg}`, ...linesOf(complaint).map((line) => `  ${line}`)].join('\n')
}
