// expect: quiet
// kinds: tiny small medium
// SPDX-License-Identifier: MIT
// Read a freed block for an address: heap addresses must not be written into it.

#include "../common/attack.h"

void crime(void)
{
    unsigned char *block = get_block();
    void *other = get_block();
    size_t size = malloc_usable_size(block);
    memset(block, 0x5a, size);
    free(other);
    free(block);
    for (size_t i = 0; i < size; i++)
        if (block[i] != 0x5a && block[i] != 0)
            lost("the attack worked: free wrote into the block");
}
