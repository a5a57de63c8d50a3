/* SPDX-License-Identifier: MIT
 *
 * flame_page_none.c -- no page: this build was made without npm.
 */
#include "flame_page.h"

const char ac_flame_page_head[] = "";
const char ac_flame_page_tail[] = "";
