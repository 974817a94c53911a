/** The methods of etcd's services that are called. */

import {
  rangeRequest,
  rangeResponse,
  statusRequest,
  statusResponse,
  transactRequest,
  transactResponse,
  watchRequest,
  watchResponse,
} from './messages.ts'
import type { Table } from './wire.ts'

export interface Method {
  path: string
  request: Table
  response: Table
}

export const rangeMethod: Method = {
  path: '/etcdserverpb.KV/Range',
  request: rangeRequest,
  response: rangeResponse,
}

export const transactMethod: Method = {
  path: '/etcdserverpb.KV/Txn',
  request: transactRequest,
  response: transactResponse,
}

export const watchMethod: Method = {
  path: '/etcdserverpb.Watch/Watch',
  request: watchRequest,
  response: watchResponse,
}

export const statusMethod: Method = {
  path: '/etcdserverpb.Maintenance/Status',
  request: statusRequest,
  response: statusResponse,
}
