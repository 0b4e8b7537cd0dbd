/* The end of what `wide_begin.h` begins. */

#if defined(WIDE) && defined(__clang__) && defined(__x86_64__)
#pragma clang attribute pop
#elif defined(WIDE) && defined(__x86_64__)
#pragma GCC pop_options
#endif
