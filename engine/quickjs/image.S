/* The heap's content, if the build has made it, the archive of other modules, which is only read, and free memory. */
  .section .archive, "a"
#ifdef IMAGE
  .incbin ARCHIVE
  .section .heap, "aw"
  .incbin IMAGE
#else
  .byte 0
#endif
  .section .heap.room, "aw", %nobits
  .balign 4096
  .space ROOM
  .section .note.GNU-stack, "", %progbits
