/** A program for the Node engine that does nothing: the least that a startup snapshot costs. */

import { start } from '../../engine/node/start.ts'

start(
  async () => 0,
  async () => {},
)
