/* The end of what wide_on.h began. */

#if defined(WIDE) && defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
