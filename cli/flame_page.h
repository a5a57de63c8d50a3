/* SPDX-License-Identifier: MIT
 *
 * flame_page.h -- the page of the flame graph, as web/build.mjs makes it; empty in builds without npm.
 */
#ifndef AC_CLI_FLAME_PAGE_H
#define AC_CLI_FLAME_PAGE_H

/* What stands before and behind the profile's JSON. */
extern const char ac_flame_page_head[];
extern const char ac_flame_page_tail[];

#endif
