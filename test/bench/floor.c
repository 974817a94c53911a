/* A program that does nothing: the least that a call costs. */
int main(void) { return 0; }
