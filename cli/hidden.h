/* SPDX-License-Identifier: MIT
 *
 * hidden.h -- frames of the allocator itself, which nobody looks for in a heap profile.
 */
#ifndef AC_CLI_HIDDEN_H
#define AC_CLI_HIDDEN_H

#include "profile.h"

/* An extended regular expression that the whole name of such a function matches; pprof takes it as well. */
#define AC_HIDDEN_FRAMES                                                                                     \
    "(__libc_)?(malloc|calloc|realloc|memalign|valloc|pvalloc)|reallocarray|aligned_alloc|"                  \
    "posix_memalign|acre_(malloc|calloc|realloc|aligned_alloc|memalign|posix_memalign|valloc).*|"            \
    "operator new(\\[\\])?(\\(.*)?|_Zn[wa].*|"                                                               \
    "(std|__gnu_cxx)::(__1::)?(__)?(new_)?alloc(ator)?(_traits)?<.*|"                                        \
    "std::.*::(_M_allocate|_M_create|_M_create_storage|_S_allocate|_S_create|_M_mutate)(\\(.*)?"

/* Takes them, and those of acre's own library, off the inner ends of all stacks. */
void ac_profile_hide(struct ac_profile *profile);

#endif
