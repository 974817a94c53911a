/** The QuickJS engine: `sys` is one small C file, `std` and `os` are QuickJS's own modules. */

import * as os from 'os'
import * as std from 'std'
import * as sys from 'sys'
import type { Engine } from '../engine.ts'
