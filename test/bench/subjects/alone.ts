/** Plugins whose interface is in the container only: what was attached before is nothing on the host but records of addresses. */

import { hostLocal, type Subject } from './subject.ts'

const there = () => []

export const alone: readonly Subject[] = [
  { name: 'dummy', needs: ['link dummy'], plugins: () => [{ type: 'dummy', ipam: hostLocal }], there },
  { name: 'tap', plugins: () => [{ type: 'tap', ipam: hostLocal }], there },
  { name: 'vcan', needs: ['link vcan'], plugins: () => [{ type: 'vcan' }], there },
  { name: 'loopback', plugins: () => [{ type: 'loopback' }], there },
]
