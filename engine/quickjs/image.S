/* The heap's content, if the build has made it, and the free memory behind it. */
#ifdef IMAGE
  .section .heap, "aw"
  .incbin IMAGE
#endif
  .section .heap.room, "aw", %nobits
  .balign 4096
  .space ROOM
  .section .note.GNU-stack, "", %progbits
