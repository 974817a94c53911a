/** That a file names an attachment. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import type { Place } from './place.ts'

export interface Sighting {
  attachment: Attachment
  /** The file, or the directory of files of its kind. */
  source: string
  /** Where the namespace was; undefined when the file does not tell. */
  place?: Place
}
