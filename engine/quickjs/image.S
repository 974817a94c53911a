/* The heap's content, if the build has made it, the archive of other modules, and free memory. */
#ifdef IMAGE
  .section .heap, "aw"
  .incbin IMAGE
  .section .heap.archive, "aw"
  .incbin ARCHIVE
#endif
  .section .heap.room, "aw", %nobits
  .balign 4096
  .space ROOM
  .section .note.GNU-stack, "", %progbits
