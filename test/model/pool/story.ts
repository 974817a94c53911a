/** Tells events as a story, one line each. */

import type { Step } from '../../../shared/store/protocol.ts'
import type { Event } from './events.ts'

export function storyOf(events: readonly Event[]): string[] {
  return events.map(lineOf)
}

export function lineOf(event: Event): string {
  switch (event.kind) {
    case 'begin':
      return `${event.machine}: ${wordsOfWork(event.work)} begins`
    case 'step':
      return `${event.machine}: ${wordsOf(event.step)}${fateOf(event)}${endOf(event)}`
    case 'crash':
      return `${event.machine}: ${event.work.kind} is killed${event.isSent ? ' after it has sent:' : ' before:'} ${event.step ? wordsOf(event.step) : ''}`
    case 'arrival':
      return `${event.sender}'s late transaction arrives: ${wordsOf(event.step)}${answerOf(event.answer)}`
    case 'add':
      return `${event.machine}: a container of ${event.network} gets ${event.address}`
    case 'del':
      return `${event.machine}: a container of ${event.network} frees ${event.address}`
    case 'backup':
      return 'a backup of etcd is made'
    case 'restore':
      return 'etcd is restored from the backup'
    case 'copy':
      return "etcd's data directory is copied back"
    case 'cut':
      return `${event.machine} is cut off`
    case 'joined':
      return `${event.machine} reaches etcd again`
    case 'death':
      return `${event.machine} is destroyed`
    case 'reinstall':
      return `${event.machine} is installed anew`
    case 'clone':
      return `the disk of ${event.machine} is copied to another host`
    case 'memory lost':
      return `${event.machine} loses host.json`
  }
}

function wordsOfWork({ kind, ...rest }: { kind: string }): string {
  return [kind, ...Object.values(rest)].join(' ')
}

function fateOf({ fate, answer }: Extract<Event, { kind: 'step' }>): string {
  if (fate === 'lost') return ', which is done; the answer is lost'
  return fate === 'unsent' ? ', no answer' : answerOf(answer)
}

function answerOf(answer: Extract<Event, { kind: 'step' }>['answer']): string {
  if (answer && 'appliedIndex' in answer) return ` revision ${answer.revision}, index ${answer.appliedIndex}`
  return answer && 'succeeded' in answer ? (answer.succeeded ? ': done' : ': refused') : ''
}

function endOf({ end }: Extract<Event, { kind: 'step' }>): string {
  if (!end) return ''
  return 'result' in end ? `; ends: ${JSON.stringify(end.result)}` : `; fails: ${end.error.message}`
}

function wordsOf(step: Step): string {
  switch (step.kind) {
    case 'status':
      return 'status'
    case 'range':
      return `read ${short(step.from)}${step.to ? '…' : ''}`
    case 'remember': {
      const [store] = step.memory.stores
      return `host.json says nonce ${store?.nonce}, next ${store?.next}, revision ${store?.revision}`
    }
    case 'hold': {
      const { network, blocks } = step.holdings
      return `${network}.json says ${blocks.map(({ block, state }) => `${block} ${state}`).join(', ') || 'nothing'}`
    }
    case 'leave':
      return `${wordsOf({ ...step, kind: 'hold' })}, if ${step.part} is empty`
    case 'reserve':
    case 'release':
      return `${step.kind} ${step.address} for ${step.host}`
    case 'transact':
      return `transaction ${step.do.map(wordsOfOperation).join(', ')}`
  }
}

function wordsOfOperation(operation: Extract<Step, { kind: 'transact' }>['do'][number]): string {
  if ('put' in operation) return `put ${short(operation.put.key)}`
  if ('remove' in operation) return `remove ${short(operation.remove.from)}`
  return `read ${short(operation.range.from)}`
}

function short(key: string): string {
  return key.replace(/^\/[^/]*\//, '')
}
